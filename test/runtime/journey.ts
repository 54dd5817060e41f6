import type { LiveRelease } from '../../src/contract/release.ts';
import type { Target } from '../../src/contract/target.ts';
import { openDrill, type Drill, type Releases, type Standing } from './drills.ts';
import { activation, robot, until } from './world.ts';

/** What is done to a target, and how it stands afterwards, whatever happened meanwhile. */
export interface Step {
  /** Asked again until there is an answer. */
  run(): Promise<unknown>;
  readonly after: Declared;
}

/** What is declared, and what a restoration would return to. */
interface Declared extends Pick<Standing, 'generation' | 'live' | 'warm' | 'act'> {
  readonly before: LiveRelease | null;
}

/** One target of one runtime, deployment after deployment. */
export interface Journey {
  readonly drill: Drill;
  readonly target: Target;
  now(): Declared;
  /** The next release, made live in the next generation. */
  activation(): Promise<Step>;
  /** Back to what was live before; `to: null`: to nothing. */
  restoration(to?: null): Step;
  retirement(): Step;
  /** Does it, and waits until everything is as it has to be. */
  carryOut(step: Step): Promise<void>;
  expectStanding(after: Declared): Promise<void>;
}

export async function openJourney(
  releases: Releases,
  target: Target,
  { trace = false, beginning }: { readonly trace?: boolean; readonly beginning: 'nothing live' | 'one live' },
): Promise<Journey> {
  const drill = await openDrill(releases, { trace });
  const { driver } = drill;
  const agent = target.component === robot.component;
  let now: Declared = { generation: 0, live: null, warm: null, act: null, before: null };
  let n = 0;

  const journey: Journey = {
    drill,
    target,
    now: () => now,
    async activation() {
      n += 1;
      const release = await drill.build(target, n);
      const { live: before } = now;
      const generation = now.generation + 1;
      const { deploymentId } = release;
      return {
        run: () => drill.ask(() => driver.activate(activation(target, release, generation))),
        after: {
          generation,
          live: release,
          before,
          warm: agent ? null : before,
          act: { kind: 'activated', deploymentId, generation },
        },
      };
    },
    restoration(nothing) {
      const { generation, live, before } = now;
      const { deploymentId } = live as LiveRelease;
      const to = nothing === null ? null : before;
      const kind = to === null ? 'removed' : 'restored';
      return {
        async run() {
          const { outcome } = await drill.ask(() => driver.restore({ target, deploymentId, generation, to }));
          if (outcome !== kind) throw new Error(`the outcome is ${outcome}`);
        },
        after: {
          generation: generation + 1,
          live: to,
          before: null,
          warm: null,
          act: { kind, deploymentId, generation },
        },
      };
    },
    retirement() {
      const { deploymentId } = now.live as LiveRelease;
      return {
        run: () => drill.ask(() => driver.retire({ target, deploymentId })),
        after: { ...now, warm: null },
      };
    },
    async carryOut(step) {
      await step.run();
      await journey.expectStanding(step.after);
      now = step.after;
    },
    async expectStanding(after) {
      const expected = JSON.stringify(standingOf(after, agent));
      let seen = '';
      await until(async () => {
        seen = JSON.stringify(await drill.standing(target).catch((error: Error) => error.message));
        return seen === expected;
      }).catch(() => {
        throw new Error(`expected ${expected}, but it stands ${seen}`);
      });
    },
  };

  await drill.start();
  if (beginning === 'one live') await journey.carryOut(await journey.activation());
  return journey;
}

function standingOf({ generation, live, warm, act }: Declared, agent: boolean): Standing {
  return {
    generation,
    live,
    warm,
    act,
    page: agent ? null : (live?.version ?? '503'),
    running: [live, warm].filter((release) => release !== null).length,
    tidy: true,
    folderKept: agent ? true : null,
  };
}
