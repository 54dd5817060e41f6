import { type AnswerCounts, type Latencies, upperBoundOf } from '../contract/answers.ts';

/** How many answers are counted there. */
export function answersIn(latencies: Latencies): number {
  return latencies.reduce((sum, [, count]) => sum + count, 0);
}

/**
 * How many took longer than `milliseconds`. A bucket that `milliseconds` lies in is not among them: it is measured to
 * within 5 %, and the doubt is the release's.
 */
export function slowerThan(latencies: Latencies, milliseconds: number): number {
  return answersIn(latencies.filter(([bucket]) => lowerBoundOf(bucket) >= milliseconds * (1 - 1e-9)));
}

/** The latency in milliseconds that a share `q` of the answers stayed below, interpolated in its bucket; null without any. */
export function quantileOf(latencies: Latencies, q: number): number | null {
  let rank = q * answersIn(latencies);
  for (const [bucket, count] of latencies) {
    if (rank <= count) {
      const lower = lowerBoundOf(bucket);
      return lower + (upperBoundOf(bucket) - lower) * (rank / count);
    }
    rank -= count;
  }
  return null;
}

/** All of many counts, in one pass: a soak of hours has a count for each look. */
export function totalOf(counts: Iterable<AnswerCounts>): AnswerCounts {
  let answers = 0;
  let errors = 0;
  const latencies = new Map<number, number>();
  for (const each of counts) {
    answers += each.answers;
    errors += each.errors;
    for (const [bucket, count] of each.latencies) latencies.set(bucket, (latencies.get(bucket) ?? 0) + count);
  }
  return { answers, errors, latencies: [...latencies].toSorted(([a], [b]) => a - b) };
}

function lowerBoundOf(bucket: number): number {
  return bucket === 0 ? 0 : upperBoundOf(bucket - 1);
}
