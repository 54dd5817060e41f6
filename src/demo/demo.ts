import { createAudience, type Audience, type Seen } from './audience.ts';
import { endingWith, interruptible, until } from './interruption.ts';
import { brokenPromises, outcomeOf, readFindings, type DemoOutcome, type StepRequests } from './outcome.ts';
import { startPlaying, type Playing } from './playing.ts';
import { whyNoSandbox } from './sandbox.ts';
import { carryOut } from './step.ts';
import { tellStep } from './step-telling.ts';
import { environmentsOf, type Story } from './story.ts';
import { tellKept, tellServer, tellStart, tellSummary } from './summary.ts';
import type { Telling } from './telling.ts';

export interface DemoOptions {
  readonly story: Story;
  /** Where it plays; made anew. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly telling: Telling;
  /** Ends the demo, wherever it is; what was started is stopped. */
  readonly signal: AbortSignal;
  /** Leaves everything running when all is told, until `signal`. */
  readonly keep: boolean;
  /** Told how it went, before anything is stopped. */
  readonly onTold: (told: Told) => void;
}

/** How a demo went: its outcome, and what was not as it should be, as sentences. */
export interface Told {
  readonly outcome: DemoOutcome;
  readonly wrong: readonly string[];
}

/**
 * Tells a story for real: starts a whole platform, carries out each step, reads from the store what came of it, and
 * stops what it started, however it ends.
 * @throws ABORTED when it was ended before all was told; else as `startPlatform` and the client do.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { telling, signal, keep, onTold } = options;
  const playing = await interruptible(signal, start(options));
  const audience = audienceOf(playing);
  try {
    const told = playing.heeding(signal, () => tell(playing, audience, options));
    onTold(await interruptible(signal, endingWith(signal, told)));
    tellServer(telling, playing, keep);
    if (keep) {
      tellKept(telling, playing, await playing.observer.observeAll());
      await until(signal);
    }
  } finally {
    telling.meanwhile(() => 'stopping what was started');
    await audience.leave().catch(() => {});
    await playing.close();
  }
  telling.line('Stopped all that was started.');
}

async function start({ story, folder, env, telling, signal }: DemoOptions): Promise<Playing> {
  const began = Date.now();
  const report = (line: string): void => telling.line(`  ${line}`);
  telling.line(telling.paint('bold', story.title));
  telling.meanwhile(() => 'starting');
  const without = await whyNoSandbox();
  if (without !== null) report(`${telling.paint('yellow', 'sandbox: none.')} ${without}`);
  const sandbox = without === null ? null : 'none';
  const playing = await startPlaying({ story, folder, sandbox, env, report, signal });
  tellStart(telling, playing, Date.now() - began);
  return playing;
}

function audienceOf({ observer, story }: Playing): Audience {
  const target = { environment: story.environment, component: story.client.component };
  return createAudience({ observer, target, path: story.client.path });
}

/** Tells step after step, up to the first that goes another way than the story; then what came of them. */
async function tell(playing: Playing, audience: Audience, { telling, signal }: DemoOptions): Promise<Told> {
  const { onLive, onStep, leave } = audience;
  const { story, artifacts } = playing;
  const wrong: string[] = [];
  for (const [index, step] of story.steps.entries()) {
    onStep();
    const stepTelling = tellStep(telling, step, index + 1, story.steps.length);
    const mismatch = await carryOut(step, { playing, telling: stepTelling, onLive, signal });
    if (mismatch === null) continue;
    wrong.push(`Step ${index + 1}, ${step.title}: ${mismatch}`);
    break;
  }
  const findings = await readFindings(artifacts, environmentsOf(story));
  const seen = await leave();
  const outcome = outcomeOf(findings, seen.requests, requestsByStep(story, seen));
  wrong.push(...brokenPromises(outcome));
  tellSummary(telling, { findings, outcome, failures: seen.failures, wrong });
  return { outcome, wrong };
}

function requestsByStep({ steps }: Story, { byStep }: Seen): readonly StepRequests[] {
  return byStep.flatMap((count, index) => {
    const step = steps[index];
    return step === undefined ? [] : [{ step: step.title, ...count, mayFail: 'deploy' in step && step.mayFail }];
  });
}
