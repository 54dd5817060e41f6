import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Target } from '../../src/contract/target.ts';
import { FAILPOINTS, type Effect, type Failpoint } from '../../src/failpoints.ts';
import { openReleases, type Drill, type Releases } from './drills.ts';
import { openJourney, type Journey, type Step } from './journey.ts';
import { robot, shop, until } from './world.ts';

/** Something that a runtime does, in the middle of which it is killed. */
interface Scenario {
  readonly name: string;
  readonly target: Target;
  readonly beginning: 'nothing live' | 'one live';
  /** What is done before. */
  readonly prepare?: (journey: Journey) => Promise<unknown>;
  readonly step: (journey: Journey) => Promise<Step> | Step;
  /** Whether the same may be asked for again and again. */
  readonly repeatable: boolean;
  /** Brings about what the next run begins with; without it, each run has a runtime of its own. */
  readonly goBack?: (journey: Journey) => Promise<unknown>;
  /** Where it is killed: at all of its failpoints, at those of some effects, or only where no scenario above comes by. */
  readonly at: 'all' | 'new' | readonly Effect[];
}

const activate = async (journey: Journey) => journey.carryOut(await journey.activation());
const retire = (journey: Journey) => journey.carryOut(journey.retirement());
const nothing = async () => {};

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'an activation',
    target: shop,
    beginning: 'one live',
    step: (journey) => journey.activation(),
    repeatable: true,
    goBack: retire,
    at: 'all',
  },
  {
    name: 'a restoration',
    target: shop,
    beginning: 'one live',
    prepare: activate,
    step: (journey) => journey.restoration(),
    repeatable: true,
    goBack: nothing,
    at: 'all',
  },
  {
    name: 'a retirement',
    target: shop,
    beginning: 'one live',
    prepare: activate,
    step: (journey) => journey.retirement(),
    repeatable: true,
    goBack: nothing,
    at: 'all',
  },
  {
    name: 'a restoration of an agent',
    target: robot,
    beginning: 'one live',
    prepare: activate,
    step: (journey) => journey.restoration(),
    repeatable: true,
    goBack: nothing,
    at: 'all',
  },
  {
    name: 'an activation of an agent',
    target: robot,
    beginning: 'one live',
    step: (journey) => journey.activation(),
    repeatable: true,
    goBack: nothing,
    at: ['driver.save-target', 'driver.start-instance'],
  },
  {
    name: 'a removal',
    target: shop,
    beginning: 'one live',
    prepare: activate,
    step: (journey) => journey.restoration(null),
    repeatable: true,
    goBack: activate,
    at: ['driver.save-target', 'driver.let-go'],
  },
  {
    name: 'a first activation',
    target: shop,
    beginning: 'nothing live',
    step: (journey) => journey.activation(),
    repeatable: true,
    at: 'new',
  },
  {
    name: 'a start after a crash, with an orphan',
    target: shop,
    beginning: 'one live',
    async prepare(journey) {
      await activate(journey);
      await retire(journey);
      await journey.drill.stop('SIGKILL');
      journey.drill.orphan();
    },
    step: (journey) => ({ run: () => journey.drill.start(), after: journey.now() }),
    repeatable: false,
    goBack: nothing,
    at: 'new',
  },
  {
    name: 'a stop',
    target: shop,
    beginning: 'one live',
    step: (journey) => ({
      async run() {
        await journey.drill.stop('SIGTERM');
        await journey.drill.start();
      },
      after: journey.now(),
    }),
    repeatable: false,
    goBack: nothing,
    at: 'new',
  },
];

let releases: Releases;
/** Which failpoints each scenario comes by when nothing disturbs it. */
const reached = new Map<string, ReadonlySet<Failpoint>>();

beforeAll(async () => {
  releases = await openReleases();
  for (const { name, ...scenario } of SCENARIOS) reached.set(name, await trace(scenario));
});
afterAll(() => releases.remove());

async function trace({ target, beginning, prepare, step }: Omit<Scenario, 'name'>): Promise<ReadonlySet<Failpoint>> {
  const journey = await openJourney(releases, target, { beginning, trace: true });
  try {
    await prepare?.(journey);
    const before = (await settledTrace(journey.drill)).length;
    await journey.carryOut(await step(journey));
    return new Set((await settledTrace(journey.drill)).slice(before));
  } finally {
    await journey.drill.close();
  }
}

/** What was reached once every effect that began has ended. */
function settledTrace(drill: Drill): Promise<readonly Failpoint[]> {
  return until(async () => {
    const all = await drill.reached();
    const count = (point: string) => all.filter((failpoint) => failpoint.endsWith(point)).length;
    return count(':before') === count(':after') ? all : null;
  });
}

/** Where a scenario is killed. */
function failpointsOf(scenario: Scenario): readonly Failpoint[] {
  const { name, at } = scenario;
  const mine = [...(reached.get(name) ?? [])];
  if (at === 'all') return mine;
  if (at !== 'new') return mine.filter((failpoint) => at.some((effect) => failpoint.startsWith(`${effect}:`)));
  const above = SCENARIOS.slice(0, SCENARIOS.indexOf(scenario));
  const covered = new Set(above.flatMap((other) => [...(reached.get(other.name) ?? [])]));
  return mine.filter((failpoint) => !covered.has(failpoint));
}

/** Kills the runtime there, once: it all ends as if it had not been killed, and asking again changes nothing. */
async function kill(scenario: Scenario, journey: Journey, failpoint: Failpoint): Promise<void> {
  await scenario.prepare?.(journey);
  const step = await scenario.step(journey);
  await journey.drill.arm(failpoint);
  await journey.carryOut(step);
  await until(async () => journey.drill.died());
  await journey.expectStanding(step.after);
  for (const _ of scenario.repeatable ? ['twice', 'three times'] : []) {
    await step.run();
    await journey.expectStanding(step.after);
  }
  await scenario.goBack?.(journey);
}

/** Kills it at one failpoint after the other, and says where it did not end well. */
async function failuresOf(scenario: Scenario): Promise<readonly string[]> {
  const failures: string[] = [];
  let journey: Journey | null = null;
  for (const failpoint of failpointsOf(scenario)) {
    try {
      journey ??= await openJourney(releases, scenario.target, scenario);
      await kill(scenario, journey, failpoint);
      if (scenario.goBack !== undefined) continue;
    } catch (error) {
      failures.push(`${failpoint}: ${(error as Error).message}`);
    }
    // One that failed is no beginning for the next.
    await journey?.drill.close();
    journey = null;
  }
  await journey?.drill.close();
  return failures;
}

describe('a runtime that is killed in the middle of', () => {
  it.concurrent.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    '%s ends as if it had not been, and asking again changes nothing',
    { timeout: 600_000 },
    async (_, scenario) => {
      await inTurn(async () => expect(await failuresOf(scenario)).toEqual([]));
    },
  );

  it('is killed at every failpoint of the driver', () => {
    const all = new Set(SCENARIOS.flatMap(failpointsOf));
    expect(FAILPOINTS.filter((failpoint) => failpoint.startsWith('driver.') && !all.has(failpoint))).toEqual([]);
  });
});

let busy = 0;
const waiting: (() => void)[] = [];

/** Two at a time: each is busy with starting processes. */
async function inTurn(work: () => Promise<void>): Promise<void> {
  if (busy === 2) await new Promise<void>((resolve) => waiting.push(resolve));
  else busy += 1;
  try {
    await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) busy -= 1;
    else next();
  }
}
