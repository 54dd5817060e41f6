import { expect, test } from 'vitest';
import { judge } from '../../bench/report.ts';
import type { Cost } from '../../bench/stages.ts';
import { estimatedMedian, median, ratioOfMedians } from '../../bench/statistics.ts';

const cost = (all: number): Cost => ({ ownTime: all, submitToResult: all, events: all, historyBytes: all });

/** Pairs around a ratio, each with its own mood of the machine. */
function pairsAround(ratio: number) {
  const moods = Array.from({ length: 40 }, (_, index) => 300 + ((index * 37) % 100));
  return moods.map((mood, index) => ({ slipway: cost(mood * ratio * (1 + (index % 5) / 100)), bare: cost(mood) }));
}

test('a median lies in the middle, or between the two in the middle', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([9, 1, 5, 6])).toBe(5.5);
});

test('the ratio of medians lies in its interval, which is the same each time', () => {
  const pairs = pairsAround(1.2).map(({ slipway, bare }) => [slipway.ownTime, bare.ownTime] as const);
  const ratio = ratioOfMedians(pairs);
  expect(ratio.low).toBeLessThanOrEqual(ratio.median);
  expect(ratio.high).toBeGreaterThanOrEqual(ratio.median);
  expect(ratioOfMedians(pairs)).toEqual(ratio);
});

test('pairs that always differ by the same factor leave no doubt', () => {
  const { median: ratio, low, high } = ratioOfMedians([100, 300, 200, 500].map((bare) => [bare * 1.5, bare]));
  expect([ratio, low, high]).toEqual([1.5, 1.5, 1.5]);
});

test('a goal is missed only when the whole interval lies above it', () => {
  const verdicts = (ratio: number) =>
    Object.fromEntries(
      judge({ pairs: pairsAround(ratio), lane: { events: 0, historyBytes: 0 } }).map(({ goal, verdict }) => [
        goal.name,
        verdict,
      ]),
    );
  expect(verdicts(1)).toEqual({ 'own time': 'met', 'submit to result': 'met', events: 'met', 'history bytes': 'met' });
  expect(verdicts(1.4)).toMatchObject({
    'own time': 'missed',
    'submit to result': 'missed',
    events: 'missed',
    'history bytes': 'met',
  });
  expect(verdicts(1.09)).toMatchObject({ 'own time': 'not clear' });
});

test('an estimated median lies in its interval, which shrinks as measurements agree', () => {
  const spread = estimatedMedian([40, 60, 80, 50, 70]);
  expect(spread).toMatchObject({ median: 60, low: 40, high: 80 });
  expect(estimatedMedian([60, 60, 60])).toEqual({ median: 60, low: 60, high: 60 });
});
