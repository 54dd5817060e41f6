import { expect, test } from 'vitest';
import { bucketOf, NO_COUNTS, plus, since, upperBoundOf, type AnswerCounts } from '../../src/contract/answers.ts';

const counts = (answers: number, errors: number, latencies: AnswerCounts['latencies']): AnswerCounts => ({
  answers,
  errors,
  latencies,
});

test('a latency is told to within 5 %, and never as shorter than it was', () => {
  for (const milliseconds of [0.6, 1, 3.3, 80, 299.9, 300, 12_345]) {
    const told = upperBoundOf(bucketOf(milliseconds));
    expect(told).toBeGreaterThanOrEqual(milliseconds * (1 - 1e-6));
    expect(told).toBeLessThanOrEqual(milliseconds * 1.05 * (1 + 1e-6));
  }
  expect(bucketOf(0)).toBe(0);
  expect(bucketOf(Number.NaN)).toBe(0);
});

test('counts add up bucket by bucket, and what has come since is the difference', () => {
  const earlier = counts(3, 1, [
    [2, 1],
    [7, 2],
  ]);
  const more = counts(4, 0, [
    [1, 3],
    [7, 1],
  ]);
  const later = plus(earlier, more);
  expect(later).toEqual(
    counts(7, 1, [
      [1, 3],
      [2, 1],
      [7, 3],
    ]),
  );
  expect(since(earlier, later)).toEqual(more);
  expect(since(later, later)).toEqual(NO_COUNTS);
});

test('counts that went back are those of a runtime that began anew: all of them came since', () => {
  const begun = counts(2, 0, [[3, 2]]);
  expect(since(counts(9, 1, [[3, 9]]), begun)).toEqual(begun);
});
