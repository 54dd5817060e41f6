import { median } from './statistics.ts';
import type { TimedEvent } from './times.ts';

/** A moment on the way from the failed verdict to the first good answer; null where nobody noted it. */
export interface Mark {
  /** What had been done by then. */
  readonly name: string;
  /** Milliseconds of the wall clock. */
  readonly at: number | null;
}

/** What lies between one mark and the one before it. */
export interface Step {
  readonly name: string;
  /** Milliseconds. */
  readonly took: number;
}

/** What the store and the client say of one round; milliseconds of the wall clock. */
export interface Noted {
  /** When the bad version answered the smoke test that it failed. */
  readonly smoked: number | null;
  /** `finishedAt` of the evidence: set when the verdict is there, before it is sealed. */
  readonly verdict: number;
  /** When the evidence had its name in the store. */
  readonly sealed: number | null;
  /** When the deployer was about to claim the restoration, and when the claim had its name. */
  readonly claiming: number | null;
  readonly claimed: number | null;
  readonly answered: number;
}

const OBSERVE = 'observeRelease';
const RESTORE = 'restoreRelease';

/** The marks of one round, in their order, out of the deployment's own history and what else was noted. */
export function marksOf(events: readonly TimedEvent[], noted: Noted): readonly Mark[] {
  const failed = events.findIndex(({ type, activity }) => type === 'ACTIVITY_TASK_FAILED' && activity === OBSERVE);
  const after = failed === -1 ? [] : events.slice(failed);
  const at = (type: string, activity: string | null): number | null =>
    after.find((event) => event.type === type && event.activity === activity)?.at ?? null;
  return [
    { name: 'the smoke test is answered', at: noted.smoked },
    { name: 'the verdict is there', at: noted.verdict },
    { name: 'its evidence is sealed', at: noted.sealed },
    { name: 'Temporal knows', at: at('ACTIVITY_TASK_FAILED', OBSERVE) },
    { name: 'the workflow has its turn', at: at('WORKFLOW_TASK_STARTED', null) },
    { name: 'the restoration is ordered', at: at('ACTIVITY_TASK_SCHEDULED', RESTORE) },
    { name: 'the restoration has begun', at: at('ACTIVITY_TASK_STARTED', RESTORE) },
    { name: 'the deployer has read the store', at: noted.claiming },
    { name: 'the restoration is claimed', at: noted.claimed },
    { name: 'the old version has answered', at: noted.answered },
  ];
}

/** The steps between marks; one that nobody noted is passed over, and its time belongs to the next. */
export function stepsBetween(marks: readonly Mark[]): readonly Step[] {
  const steps: Step[] = [];
  let before: number | null = null;
  for (const { name, at } of marks) {
    if (at === null) continue;
    if (before !== null) steps.push({ name, took: at - before });
    before = at;
  }
  return steps;
}

/** One round trip of a bare workflow. */
export interface Trip {
  /** Milliseconds. */
  readonly took: number;
  /** The same steps as on the way back, as far as a bare workflow has them. */
  readonly steps: readonly Step[];
}

/** The round trips in a bare workflow's history: each from the end of a pause to the end of the activity after it. */
export function tripsOf(events: readonly TimedEvent[]): readonly Trip[] {
  const trips: Trip[] = [];
  let begun: number | null = null;
  for (const [index, { type, activity }] of events.entries()) {
    if (type !== 'ACTIVITY_TASK_COMPLETED') continue;
    if (activity === RESTORE && begun !== null) trips.push(tripOf(events.slice(begun, index + 1)));
    begun = activity === RESTORE ? null : index;
  }
  return trips;
}

function tripOf(events: readonly TimedEvent[]): Trip {
  const marks = events.map(({ type, at }, index) => ({ name: index === 0 ? 'begun' : (BARE[type] ?? null), at }));
  const steps = stepsBetween(marks.flatMap(({ name, at }) => (name === null ? [] : [{ name, at }])));
  return { took: steps.reduce((sum, { took }) => sum + took, 0), steps };
}

/**
 * What a bare workflow's event ends. Its activity reads nothing: that step is the way of the task to its worker, and of
 * the answer back.
 */
const BARE: Readonly<Record<string, string>> = {
  WORKFLOW_TASK_STARTED: 'the workflow has its turn',
  WORKFLOW_TASK_COMPLETED: 'the restoration is ordered',
  ACTIVITY_TASK_STARTED: 'the restoration has begun',
  ACTIVITY_TASK_COMPLETED: 'the deployer has read the store',
};

/** The median of each step, in the order in which they first come. */
export function medianSteps(steps: readonly Step[]): readonly Step[] {
  const names = [...new Set(steps.map(({ name }) => name))];
  return names.map((name) => ({
    name,
    took: median(steps.filter((step) => step.name === name).map(({ took }) => took)),
  }));
}
