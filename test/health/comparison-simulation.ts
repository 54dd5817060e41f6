import { bucketOf, type Latencies } from '../../src/contract/answers.ts';
import { compareLatencies } from '../../src/health/comparison.ts';
import type { ComparisonFigures } from '../../src/health/comparison-figures.ts';

/** Numbers from 0 to 1, the same at each run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Shape {
  /** Times as slow in all. */
  readonly slower?: number;
  /** The share of answers that take ten times as long. */
  readonly tail?: number;
}

/** Latencies around a median of 100 ms that spread log-normally with a sigma of .3, in buckets. */
export function latencies(count: number, random: () => number, { slower = 1, tail = 0 }: Shape = {}): Latencies {
  const one = () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return 100 * slower * Math.exp(0.3 * normal) * (random() < tail ? 10 : 1);
  };
  const counts = new Map<number, number>();
  for (let left = count; left > 0; left--) {
    const bucket = bucketOf(one());
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  return [...counts].toSorted(([a], [b]) => a - b);
}

/** How often the comparison fails a release of that shape. */
export function shareFailed(users: number, before: number, shape: Shape, runs: number, seed = 1): number {
  const random = seeded(seed);
  let failed = 0;
  for (let run = 0; run < runs; run++) {
    const older = latencies(before, random);
    if (compareLatencies(latencies(users, random, shape), older, 0.01).verdict === 'fail') failed += 1;
  }
  return failed / runs;
}

/** A row of the table. */
export function simulate(users: number, before: number, runs: number, seed = 1): ComparisonFigures {
  const share = (shape: Shape) => Number(shareFailed(users, before, shape, runs, seed).toFixed(3));
  return {
    users,
    before,
    alpha: 0.01,
    falseAlarm: share({}),
    oneInHundred: share({ tail: 0.01 }),
    slower20: share({ slower: 1.2 }),
    slower50: share({ slower: 1.5 }),
    fiveInHundred: share({ tail: 0.05 }),
  };
}
