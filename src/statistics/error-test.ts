import type { SequentialTest } from './sequential.ts';

/** How often a verdict may be wrong against a release that is well. */
export const ALPHA = 0.01;
/** How often it may be wrong for one that is as bad as can be told. */
export const BETA = 0.05;

/** Without a limit: one error in a thousand is what any release has; one in fifty is not. */
const GOOD = 0.001;
const BAD = 0.02;
/** A release that keeps a limit well has one error in twenty of what the limit allows. */
const WELL_WITHIN = 20;

/** The test of a release's errors, against a declared limit (a fraction) or the default. */
export function errorTestOf(limit: number | undefined, alpha: number = ALPHA): SequentialTest {
  const rates = limit === undefined ? { good: GOOD, bad: BAD } : { good: limit / WELL_WITHIN, bad: limit };
  return { ...rates, alpha, beta: BETA };
}
