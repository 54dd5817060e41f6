import { EventEmitter, once } from 'node:events';
import { parseDeploymentId, parseTarget, type Target } from '../../src/contract/target.ts';
import type { Executions } from '../../src/temporal/executions.ts';
import { createFakeTarget, type Activities, type FakeTarget } from './fake-target.ts';

export type ActivityName = keyof Activities;

/** One attempt of an activity. */
export interface Call {
  readonly activity: ActivityName;
  readonly input: Parameters<Activities[ActivityName]>[0];
  /** What it answered; undefined until it did, or when it failed. */
  result?: unknown;
}

/** What an activity does instead, on one target; `usual` is what it would have done. */
export type Script = {
  [A in ActivityName]?: (input: Parameters<Activities[A]>[0], usual: Activities[A]) => ReturnType<Activities[A]>;
};

export type FakePlatform = ReturnType<typeof createFakePlatform>;
export type ScriptedTarget = ReturnType<FakePlatform['on']>;

interface Known {
  readonly fake: FakeTarget;
  readonly calls: Call[];
  script: Script;
  readonly news: EventEmitter;
}

/** Activities whose targets live in memory, and which a test can make fail, hang, or wait, target by target. */
export function createFakePlatform(executions: Executions) {
  const targets = new Map<string, Known>();

  function of(target: Target): Known {
    const name = `${target.environment}/${target.component}`;
    const known = targets.get(name);
    if (known !== undefined) return known;
    const created: Known = {
      fake: createFakeTarget(target, executions),
      calls: [],
      script: {},
      news: new EventEmitter(),
    };
    targets.set(name, created);
    return created;
  }

  function scripted<A extends ActivityName>(activity: A): Activities[A] {
    const run = async (input: Parameters<Activities[A]>[0]): Promise<unknown> => {
      const { fake, calls, script, news } = of(targetIn(input));
      const call: Call = { activity, input };
      calls.push(call);
      news.emit('call');
      const usual = fake.activities[activity];
      const instead = script[activity] as ((input: unknown, usual: unknown) => Promise<unknown>) | undefined;
      call.result = await (instead?.(input, usual) ?? (usual as (input: unknown) => Promise<unknown>)(input));
      return call.result;
    };
    return run as unknown as Activities[A];
  }

  return {
    orchestrator: pick(
      'admitChange',
      'markReleased',
      'complete',
      'sealRecord',
      'recoverLane',
      'awaitDeployment',
      'sealAct',
      'archiveDeployment',
      'deliver',
    ),
    builder: pick('buildArtifact', 'verifyArtifact'),
    deployer: pick(
      'activateRelease',
      'observeRelease',
      'restoreRelease',
      'retireRelease',
      'watchRelease',
      'settleDeployment',
    ),

    /** One target: its store and runtime, what was asked of it, and what it shall do instead. */
    on(target: Target) {
      const known = of(target);
      return {
        ...known.fake,
        calls: (activity?: ActivityName): Call[] =>
          known.calls.filter((call) => activity === undefined || call.activity === activity),
        script(script: Script): void {
          known.script = { ...known.script, ...script };
        },
        /** Resolves once `activity` has been attempted so many times. */
        async attempted(activity: ActivityName, times = 1): Promise<void> {
          while (this.calls(activity).length < times) await once(known.news, 'call');
        },
      };
    },
  };

  function pick<A extends ActivityName>(...names: A[]): Pick<Activities, A> {
    return Object.fromEntries(names.map((name) => [name, scripted(name)])) as unknown as Pick<Activities, A>;
  }
}

function targetIn(input: Parameters<Activities[ActivityName]>[0]): Target {
  const target = typeof input === 'string' ? parseDeploymentId(input) : inObject(input);
  if (target === null) throw new Error(`no target in ${JSON.stringify(input)}`);
  return { environment: target.environment, component: target.component };
}

function inObject(input: object): Target | null {
  if ('environment' in input) return input as Target;
  if ('target' in input) return input.target as Target;
  if ('event' in input) return parseTarget((input.event as { target: string }).target);
  if ('deploymentId' in input) return parseDeploymentId(String(input.deploymentId));
  if ('record' in input) return parseTarget((input.record as { target: string }).target);
  return null;
}
