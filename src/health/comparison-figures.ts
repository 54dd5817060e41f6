import { ALPHA } from '../statistics/error-test.ts';

/**
 * What the comparison with the version before is worth, at so many users of the new version and of the old: how often it
 * fails a release that is as fast as the old one, and finds one that is so much slower. Simulated with latencies that
 * spread log-normally (sigma .3); a test runs the simulation again.
 */
export interface ComparisonFigures {
  readonly users: number;
  readonly before: number;
  readonly alpha: number;
  /** As fast as the version before. */
  readonly falseAlarm: number;
  /** As fast but that answer in a hundred takes ten times as long. */
  readonly oneInHundred: number;
  /** 1.2 times as slow, which is where the bound lies, and 1.5 times. */
  readonly slower20: number;
  readonly slower50: number;
  /** Five answers in a hundred take ten times as long. */
  readonly fiveInHundred: number;
}

/** Each of 10,000 runs, to three digits; the more telling the later. */
export const COMPARED: readonly ComparisonFigures[] = [
  row(20, 20, [0.007, 0.008, 0.273, 0.943, 0.015]),
  row(20, 200, [0.005, 0.006, 0.421, 0.994, 0.095]),
  row(50, 50, [0.004, 0.005, 0.486, 0.999, 0.048]),
  row(50, 200, [0.001, 0.015, 0.496, 1, 0.445]),
  row(150, 50, [0.001, 0.001, 0.51, 1, 0.021]),
  row(150, 200, [0, 0.017, 0.5, 1, 0.869]),
  row(300, 200, [0, 0.012, 0.498, 1, 0.982]),
];

function row(
  users: number,
  before: number,
  shares: readonly [number, number, number, number, number],
): ComparisonFigures {
  const [falseAlarm, oneInHundred, slower20, slower50, fiveInHundred] = shares;
  return { users, before, alpha: ALPHA, falseAlarm, oneInHundred, slower20, slower50, fiveInHundred };
}
