import { formatPercentage } from '../config/percentage.ts';
import { errorTestOf } from '../statistics/error-test.ts';
import { upperBoundOfRate } from '../statistics/proportions.ts';
import { evidenceAgainst, failsFrom, passesFrom } from '../statistics/sequential.ts';
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
  const against = evidenceAgainst(test, series.errors, series.answers);
  const seen = `${series.errors} of ${series.answers} answers to ${series.who} were errors`;
  const held = limit === undefined ? '' : `, and at most ${formatPercentage(limit)} may be`;
  if (against >= failsFrom(test)) return { verdict: 'fail', reason: `${seen}${held}` };

  const passes = limit === undefined ? series.errors === 0 || against <= 0 : against <= passesFrom(test);
  if (passes) {
    const bound = formatPercentage(upperBoundOfRate(series.errors, series.answers));
    return { verdict: 'pass', reason: `${seen} (below ${bound}, with 95% confidence)` };
  }
  const reason = `${seen}, which does not tell yet whether ${formatPercentage(test.bad)} are`;
  return { verdict: 'inconclusive', reason, ...(series.who !== 'users' && { wants: 'more' }) };
}
