/**
 * How long answers took, counted in buckets: pairs of a bucket and its count, buckets rising, no count of 0. A bucket is
 * 5 % wide, so a quantile is told to within that, whatever the traffic: counts stay small where samples would not.
 */
export type Latencies = readonly (readonly [bucket: number, count: number])[];

/** What came of some requests at a stable address. */
export interface AnswerCounts {
  readonly answers: number;
  /** Those with a status of 500 or more, and those to which the instance gave no whole answer. */
  readonly errors: number;
  /** Of all answers, good or not. */
  readonly latencies: Latencies;
}

/** Answers by who asked: users, or ourselves. Like is compared with like. */
export interface Answers {
  readonly users: AnswerCounts;
  readonly probes: AnswerCounts;
}

const SMALLEST = 0.5;
const GROWTH = 1.05;

export const NO_COUNTS: AnswerCounts = { answers: 0, errors: 0, latencies: [] };
export const NO_ANSWERS: Answers = { users: NO_COUNTS, probes: NO_COUNTS };

/** The bucket of a latency in milliseconds: 0 up to half a millisecond, then one for every 5 %. */
export function bucketOf(milliseconds: number): number {
  if (!(milliseconds > SMALLEST)) return 0;
  return Math.ceil(Math.log(milliseconds / SMALLEST) / Math.log(GROWTH) - 1e-9);
}

/** The longest latency of a bucket, milliseconds. */
export function upperBoundOf(bucket: number): number {
  return SMALLEST * GROWTH ** bucket;
}

/** Counts of both. */
export function plus(a: AnswerCounts, b: AnswerCounts): AnswerCounts {
  return combined(a, b, 1);
}

/** What `later` has beyond `earlier`, of counts that only grow; where they went back (a runtime began anew), all of `later`. */
export function since(earlier: AnswerCounts, later: AnswerCounts): AnswerCounts {
  const grown = combined(later, earlier, -1);
  const wentBack = grown.answers < 0 || grown.errors < 0 || grown.latencies.some(([, count]) => count < 0);
  return wentBack ? later : grown;
}

function combined(a: AnswerCounts, b: AnswerCounts, sign: 1 | -1): AnswerCounts {
  const counts = new Map(a.latencies);
  for (const [bucket, count] of b.latencies) counts.set(bucket, (counts.get(bucket) ?? 0) + sign * count);
  const latencies = [...counts].filter(([, count]) => count !== 0).toSorted(([one], [other]) => one - other);
  return { answers: a.answers + sign * b.answers, errors: a.errors + sign * b.errors, latencies };
}
