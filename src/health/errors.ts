import { formatPercentage } from '../config/percentage.ts';
import { errorTestOf, judgeErrors } from '../statistics/error-test.ts';
import { upperBoundOfRate } from '../statistics/proportions.ts';
import type { Part } from './judgement.ts';
import type { VerdictPolicy } from './policy.ts';
import type { Series } from './series.ts';

/**
 * The error rate, as the runtime counted it, by Wald's sequential test. A declared limit has to be shown to be kept.
 * Without one, two errors among few fail; a single one asks for so many more clean answers as outweigh it.
 */
export function errorsPart(series: Series, { limits, alpha }: VerdictPolicy): Part {
  const limit = limits?.errorRate;
  const test = errorTestOf(limit, alpha);
  const verdict = judgeErrors(test, series.errors, series.answers);
  const seen = `${series.errors} of ${series.answers} answers to ${series.who} were errors`;
  if (verdict === 'fail') {
    return { verdict, reason: limit === undefined ? seen : `${seen}, and at most ${formatPercentage(limit)} may be` };
  }
  if (verdict === 'pass') {
    const bound = formatPercentage(upperBoundOfRate(series.errors, series.answers));
    return { verdict, reason: `${seen} (below ${bound}, with 95% confidence)` };
  }
  const reason = `${seen}, which does not tell yet whether ${formatPercentage(test.bad)} are`;
  return { verdict, reason, ...(series.who !== 'users' && { wants: 'more' }) };
}
