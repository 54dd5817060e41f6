import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { timesOf } from '../../bench/times.ts';
import { marksOf, medianSteps, stepsBetween, tripsOf, type Noted } from '../../bench/way.ts';
import { readHistory } from '../../src/replay/history.ts';

const file = join(import.meta.dirname, '..', 'histories', 'rolled-back.json');
/** Of a deployment that failed its verification where it was live, as it was committed for replay. */
const events = timesOf(readHistory(readFileSync(file), file));

const at = (type: string, activity: string): number =>
  events.find((event) => event.type === type && event.activity === activity)?.at ?? Number.NaN;

const verdict = at('ACTIVITY_TASK_FAILED', 'observeRelease') - 3;
const answered = at('ACTIVITY_TASK_COMPLETED', 'restoreRelease');
const NOTED: Noted = { smoked: verdict - 2, verdict, sealed: verdict + 1, claiming: null, claimed: null, answered };

test('each event of an activity has its name, and a time that never goes back', () => {
  const restoring = events.filter(({ activity }) => activity === 'restoreRelease').map(({ type }) => type);
  expect(restoring).toEqual(['ACTIVITY_TASK_SCHEDULED', 'ACTIVITY_TASK_STARTED', 'ACTIVITY_TASK_COMPLETED']);
  expect(events.map((event) => event.at)).toEqual(events.map((event) => event.at).toSorted((a, b) => a - b));
});

test('the steps of the way back follow each other, and make up the whole of it', () => {
  const steps = stepsBetween(marksOf(events, NOTED));
  expect(steps.map(({ name }) => name)).toEqual([
    'the verdict is there',
    'its evidence is sealed',
    'Temporal knows',
    'the workflow has its turn',
    'the restoration is ordered',
    'the restoration has begun',
    'the old version has answered',
  ]);
  expect(steps.slice(0, 3).map(({ took }) => took)).toEqual([2, 1, 2]);
  expect(steps.every(({ took }) => took >= 0)).toBe(true);
  const whole = steps.reduce((sum, { took }) => sum + took, 0);
  expect(whole).toBeCloseTo(answered - verdict + 2, 3);
});

test('the workflow has its turn after the failed verdict, not after a stage before it', () => {
  const turn = marksOf(events, NOTED).find(({ name }) => name === 'the workflow has its turn')?.at ?? 0;
  expect(turn).toBeGreaterThanOrEqual(at('ACTIVITY_TASK_FAILED', 'observeRelease'));
  expect(turn).toBeLessThanOrEqual(at('ACTIVITY_TASK_SCHEDULED', 'restoreRelease'));
});

test('a history without a failed verdict has no marks of its own', () => {
  const marks = marksOf(
    events.filter(({ type }) => type !== 'ACTIVITY_TASK_FAILED'),
    NOTED,
  );
  expect(stepsBetween(marks).map(({ name }) => name)).toEqual([
    'the verdict is there',
    'its evidence is sealed',
    'the old version has answered',
  ]);
});

test('what nobody noted belongs to the step after it', () => {
  const marks = [
    { name: 'a', at: 10 },
    { name: 'b', at: null },
    { name: 'c', at: 15 },
  ];
  expect(stepsBetween(marks)).toEqual([{ name: 'c', took: 5 }]);
});

test('a round trip of a bare workflow begins with the end of the pause before it, and the pause is no part of it', () => {
  const trip = (from: number, [turn, ordered, begun, done]: readonly [number, number, number, number]) => [
    { type: 'ACTIVITY_TASK_SCHEDULED', at: from - 260, activity: 'pause' },
    { type: 'ACTIVITY_TASK_STARTED', at: from - 250, activity: 'pause' },
    { type: 'ACTIVITY_TASK_COMPLETED', at: from, activity: 'pause' },
    { type: 'WORKFLOW_TASK_SCHEDULED', at: from, activity: null },
    { type: 'WORKFLOW_TASK_STARTED', at: from + turn, activity: null },
    { type: 'WORKFLOW_TASK_COMPLETED', at: from + ordered, activity: null },
    { type: 'ACTIVITY_TASK_SCHEDULED', at: from + ordered, activity: 'restoreRelease' },
    { type: 'ACTIVITY_TASK_STARTED', at: from + begun, activity: 'restoreRelease' },
    { type: 'ACTIVITY_TASK_COMPLETED', at: from + done, activity: 'restoreRelease' },
  ];
  const trips = tripsOf([...trip(300, [4, 15, 20, 26]), ...trip(700, [5, 15, 20, 28])]);
  expect(trips.map(({ took }) => took)).toEqual([26, 28]);
  expect(trips[0]?.steps).toEqual([
    { name: 'the workflow has its turn', took: 4 },
    { name: 'the restoration is ordered', took: 11 },
    { name: 'the restoration has begun', took: 5 },
    { name: 'the deployer has read the store', took: 6 },
  ]);
  expect(medianSteps(trips.flatMap(({ steps }) => steps))[0]).toEqual({ name: 'the workflow has its turn', took: 4.5 });
});
