import {
  type Chances,
  chancesAfter,
  evidenceAgainst,
  failsFrom,
  passesFrom,
  type SequentialTest,
} from './sequential.ts';

/** How often a verdict may be wrong against a release that is well. */
export const ALPHA = 0.01;
/** How often it may be wrong for one that is as bad as can be told. */
export const BETA = 0.05;

/** Without a limit: one error in a thousand is what any release has; one in fifty is not. */
const GOOD = 0.001;
const BAD = 0.02;
/** A release that keeps a limit well has one error in twenty of what the limit allows. */
const WELL_WITHIN = 20;

/** The test of a release's errors. */
export interface ErrorTest extends SequentialTest {
  /** Whether `bad` is a declared limit, which has to be shown to be kept. */
  readonly isDeclared: boolean;
}

/** The test against a declared limit (a fraction), or the default. */
export function errorTestOf(limit: number | undefined, alpha: number = ALPHA): ErrorTest {
  const rates = limit === undefined ? { good: GOOD, bad: BAD } : { good: limit / WELL_WITHIN, bad: limit };
  return { ...rates, alpha, beta: BETA, isDeclared: limit !== undefined };
}

/**
 * What so many errors among the answers come to. A declared limit passes where Wald's test does. Without one, a release
 * without an error passes, for a short soak could show no more; an error has to be outweighed by clean answers.
 */
export function judgeErrors(test: ErrorTest, errors: number, answers: number): 'pass' | 'fail' | 'inconclusive' {
  const against = evidenceAgainst(test, errors, answers);
  if (against >= failsFrom(test)) return 'fail';
  const passes = test.isDeclared ? against <= passesFrom(test) : errors === 0 || against <= 0;
  return passes ? 'pass' : 'inconclusive';
}

/** What becomes of a release with such a rate of errors by so many answers. */
export function chancesOf(test: ErrorTest, rate: number, answers: number): Chances {
  return chancesAfter(test, rate, answers, (errors) => judgeErrors(test, errors, answers) === 'pass');
}
