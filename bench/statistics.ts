/** A ratio of medians, and the interval in which it lies with 95 % confidence. */
export interface Ratio {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 10_000;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [below = Number.NaN, above = Number.NaN] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (below + above) / 2;
}

/**
 * The ratio of the medians of measurements that were taken in pairs; its interval by the percentile bootstrap, which
 * draws whole pairs, since both of a pair met the machine in the same mood. The draws are the same each time.
 */
export function ratioOfMedians(pairs: readonly (readonly [number, number])[]): Ratio {
  const random = randomFrom(20261123);
  const drawn = Array.from({ length: RESAMPLES }, () =>
    ratioOf(pairs.map(() => pairs[Math.floor(random() * pairs.length)] ?? [Number.NaN, Number.NaN])),
  ).toSorted((a, b) => a - b);
  const quantile = (q: number): number => drawn[Math.round(q * (RESAMPLES - 1))] ?? Number.NaN;
  return { median: ratioOf(pairs), low: quantile(0.025), high: quantile(0.975) };
}

function ratioOf(pairs: readonly (readonly [number, number])[]): number {
  return median(pairs.map(([own]) => own)) / median(pairs.map(([, other]) => other));
}

/** mulberry32: numbers from 0 to 1 that depend on the seed alone. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
