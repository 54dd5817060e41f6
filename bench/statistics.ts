/** A median or a ratio of medians, and the interval in which it lies with 95 % confidence. */
export interface Estimate {
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
export function ratioOfMedians(pairs: readonly (readonly [number, number])[]): Estimate {
  return estimate(pairs, (drawn) => median(drawn.map(([own]) => own)) / median(drawn.map(([, other]) => other)));
}

/** The median, with its interval by the same bootstrap. */
export function estimatedMedian(values: readonly number[]): Estimate {
  return estimate(values, median);
}

/** What became of a goal: `missed` only when the whole interval lies above it. */
export type Verdict = 'met' | 'not clear' | 'missed';

export function verdictOn({ median: measured, low }: Estimate, goal: number): Verdict {
  return low > goal ? 'missed' : measured <= goal ? 'met' : 'not clear';
}

function estimate<T>(measured: readonly T[], of: (drawn: readonly T[]) => number): Estimate {
  const random = randomFrom(20261123);
  const drawn = Array.from({ length: RESAMPLES }, () =>
    of(measured.map((one) => measured[Math.floor(random() * measured.length)] ?? one)),
  ).toSorted((a, b) => a - b);
  const quantile = (q: number): number => drawn[Math.round(q * (RESAMPLES - 1))] ?? Number.NaN;
  return { median: of(measured), low: quantile(0.025), high: quantile(0.975) };
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
