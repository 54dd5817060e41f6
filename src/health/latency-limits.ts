import { formatDuration } from '../config/duration.ts';
import { QUANTILES } from '../config/soak.ts';
import type { Latencies } from '../contract/answers.ts';
import { answersIn, slowerThan } from '../statistics/histogram.ts';
import { answersForQuantile, atLeast } from '../statistics/proportions.ts';
import type { Part } from './judgement.ts';
import type { VerdictPolicy } from './policy.ts';
import { latenciesOf, type Series } from './series.ts';
import type { Sample } from './sample.ts';

/** It is asked again after each look, so each time it may be wrong only a tenth as often. */
const ASKED_AGAIN = 10;

/** The declared limits on latency, one part each. */
export function latencyParts(soak: readonly Sample[], series: Series, policy: VerdictPolicy): readonly Part[] {
  const { limits, alpha } = policy;
  const names = (Object.keys(QUANTILES) as (keyof typeof QUANTILES)[]).filter((name) => limits?.[name] !== undefined);
  if (names.length === 0) return [];
  const latencies = latenciesOf(soak, series.who);
  return names.map((name) => quantilePart(name, limits?.[name] ?? Infinity, latencies, series, alpha));
}

/**
 * A sign test on the share that is slower than a limit: p95 allows for one in twenty. It fails when more are, by more
 * than chance explains, passes when no more are among enough answers, and goes on between the two.
 */
function quantilePart(
  name: keyof typeof QUANTILES,
  limit: number,
  latencies: Latencies,
  { who }: Series,
  alpha: number,
): Part {
  const allowed = 1 - QUANTILES[name];
  const answers = answersIn(latencies);
  const slow = slowerThan(latencies, limit);
  const reason = `${slow} of ${answers} answers to ${who} took longer than the ${name} of ${formatDuration(limit)}`;
  const isSlower = slow > allowed * answers;
  if (isSlower && atLeast(slow, answers, allowed) < alpha / ASKED_AGAIN) return { verdict: 'fail', reason };
  if (!isSlower && answers >= answersForQuantile(QUANTILES[name])) return { verdict: 'pass', reason };
  return { verdict: 'inconclusive', reason, ...(who !== 'users' && { wants: 'more' }) };
}
