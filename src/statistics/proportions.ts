import { logChoose } from './gamma.ts';

/** One chance in twenty to be wrong: the confidence of every bound that is stated. */
const DOUBT = 0.05;

/** The chance of `k` or more of `n` at a rate of `p` each. */
export function atLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n || p <= 0) return 0;
  if (p >= 1) return 1;
  // The shorter way is summed up, from its largest term on, so that nothing is lost to rounding.
  const below = k <= n * p;
  const from = below ? k - 1 : k;
  const step = below ? -1 : 1;
  let term = Math.exp(logChoose(n, from) + from * Math.log(p) + (n - from) * Math.log1p(-p));
  let sum = 0;
  for (let at = from; at >= 0 && at <= n && term > sum * 1e-17; at += step) {
    sum += term;
    term *= below ? (at * (1 - p)) / ((n - at + 1) * p) : ((n - at) * p) / ((at + 1) * (1 - p));
  }
  return below ? 1 - sum : sum;
}

/**
 * With 95 % confidence, the rate is no higher than this after `k` of `n` (Clopper and Pearson 1934, one-sided). After
 * none, that is 1 - 0.05^(1/n). 1 where nothing was seen.
 */
export function upperBoundOfRate(k: number, n: number): number {
  if (k >= n) return 1;
  if (k === 0) return 1 - DOUBT ** (1 / n);
  let low = k / n;
  let high = 1;
  for (let halvings = 0; halvings < 60; halvings++) {
    const middle = (low + high) / 2;
    if (1 - atLeast(k + 1, n, middle) > DOUBT) low = middle;
    else high = middle;
  }
  return high;
}

/** How many answers show, when none of them is above it, that at most a share `1 - q` is: 59 for a p95. */
export function answersForQuantile(q: number): number {
  return Math.ceil(Math.log(DOUBT) / Math.log(q));
}

/**
 * The chance of `k` or more of `n` where `before` of `others` were before, if both had one rate: Fisher's exact test,
 * one-sided, by its mid-p (Lancaster 1961), for the test itself is too careful at small numbers.
 */
export function chanceOfMore(k: number, n: number, before: number, others: number): number {
  const all = k + before;
  const chanceOf = (hits: number): number =>
    hits > Math.min(n, all) || all - hits > others
      ? 0
      : Math.exp(logChoose(n, hits) + logChoose(others, all - hits) - logChoose(n + others, all));
  let sum = chanceOf(k) / 2;
  for (let hits = k + 1; hits <= Math.min(n, all); hits++) sum += chanceOf(hits);
  return sum;
}
