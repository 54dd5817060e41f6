import { formatDuration } from '../config/duration.ts';
import type { AnswerCounts } from '../contract/answers.ts';
import { comparisonPart } from './comparison.ts';
import { errorsPart } from './errors.ts';
import { floorsPart } from './floors.ts';
import type { Judgement, Part, Verdict } from './judgement.ts';
import { latencyParts } from './latency-limits.ts';
import { metricParts } from './metric-bounds.ts';
import type { VerdictPolicy } from './policy.ts';
import type { MetricSample, Sample } from './sample.ts';
import { seriesOf } from './series.ts';

export type { Judgement, Verdict } from './judgement.ts';

/** Above one bad sample in ten a health flaps; fewer is what a handful of samples cannot tell from chance. */
const FLAPPING = 0.1;

/** All of several verdicts: one fail fails, nothing but passes passes, and no verdicts are missing data. */
export function combine(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('fail')) return 'fail';
  return verdicts.length > 0 && verdicts.every((verdict) => verdict === 'pass') ? 'pass' : 'inconclusive';
}

/**
 * System availability (§10): one good answer is enough; that it goes on answering is for the soak to say. Fails after
 * `failures` attempts without one.
 */
export function availability(samples: readonly Sample[], { failures }: { readonly failures: number }): Judgement {
  const told = conclusive(samples);
  const last = told.at(-1);
  if (last === undefined) return nothingToJudge(samples);
  const good = told.find((sample) => sample.outcome === 'good');
  if (good !== undefined) return { verdict: 'pass', reason: good.detail };
  const reason = `${told.length} of ${failures} attempts failed, the last: ${last.detail}`;
  return { verdict: told.length >= failures ? 'fail' : 'inconclusive', reason };
}

export interface HealthPolicy {
  readonly failures: number;
  /** One unless given. */
  readonly successes?: number;
}

/**
 * Health (§10). Fails at `failures` bad samples in a row, or when it flaps: `failures` bad ones in all, and more than
 * one in ten. Late samples neither break a row nor lengthen it. It passes on `successes` good ones in a row: a release
 * that was last seen bad has not passed.
 */
export function healthVerdict(samples: readonly Sample[], { failures, successes = 1 }: HealthPolicy): Judgement {
  const told = conclusive(samples);
  const last = told.at(-1);
  if (last === undefined) return nothingToJudge(samples);

  const bad = told.filter((sample) => sample.outcome === 'bad');
  if (longestRowOfBad(told) >= failures) {
    return { verdict: 'fail', reason: `${failures} bad in a row, the last: ${bad.at(-1)?.detail}` };
  }
  const reason = `${bad.length} of ${told.length} samples bad`;
  if (bad.length >= failures && bad.length > told.length * FLAPPING) {
    return { verdict: 'fail', reason: `flapping: ${reason}, the last: ${bad.at(-1)?.detail}` };
  }
  if (last.outcome === 'bad') return { verdict: 'inconclusive', reason: `the last sample was bad: ${last.detail}` };
  const row = told.length - 1 - told.findLastIndex((sample) => sample.outcome === 'bad');
  return row >= successes
    ? { verdict: 'pass', reason }
    : { verdict: 'inconclusive', reason: `${row} of ${successes} good in a row` };
}

/** All that a soak is judged by. */
export interface SoakEvidence {
  /** Everything seen since the release went live. */
  readonly samples: readonly Sample[];
  readonly metrics: readonly MetricSample[];
  /** What users were answered by the version before; null where there is nothing to compare with. */
  readonly baseline: AnswerCounts | null;
}

/**
 * The soak (§10, §12 "system health degrades post-deploy"). The samples of kind `soak` make the health, the counts and
 * the floors; the instance has to be the same one through all of them. Inconclusive while a floor is not reached, so
 * this is also how the soak knows that it is over; what is inconclusive at the ceiling has failed, unless that is ours.
 */
export function soakVerdict(evidence: SoakEvidence, policy: VerdictPolicy): Judgement {
  return concludeSoak(soakParts(evidence, policy), evidence, policy);
}

/** What a soak is judged by, the gravest first and the floors last. */
export function soakParts({ samples, metrics, baseline }: SoakEvidence, policy: VerdictPolicy): readonly Part[] {
  const soak = samples.filter((sample) => sample.kind === 'soak');
  const parts = [instanceVerdict(samples), soakHealth(soak, policy)];
  const rest = [...metricParts(metrics, policy), floorsPart(soak, policy)];
  if (policy.counted === 'looks') return [...parts, ...uncountedParts(policy), ...rest];
  const series = seriesOf(soak, policy);
  const counted = [errorsPart(series, policy), ...latencyParts(soak, series, policy)];
  return [...parts, ...counted, comparisonPart(soak, baseline, policy), ...rest];
}

/** The verdict of all parts together. */
export function concludeSoak(
  parts: readonly Part[],
  { samples }: Pick<SoakEvidence, 'samples'>,
  policy: VerdictPolicy,
): Judgement {
  const verdict = combine(parts.map((part) => part.verdict));
  const telling = parts.filter((part) => part.verdict === verdict);
  if (verdict === 'pass') {
    // That the instance stayed alive goes without saying. The floors come first, for they say how much was seen.
    const said = [...telling.slice(-1), ...telling.slice(1, -1)];
    return { verdict, reason: said.map((part) => part.reason).join(', ') };
  }
  if (verdict === 'inconclusive' && isAtCeiling(samples, policy)) {
    const missing = telling.filter((part) => part.ours !== true);
    const reasons = (missing.length > 0 ? missing : telling).map((part) => part.reason).join('; ');
    const reason = `at the ceiling of ${formatDuration(policy.ceiling ?? 0)}: ${reasons}`;
    return { verdict: missing.length > 0 ? 'fail' : 'inconclusive', reason };
  }
  return { verdict, reason: telling[0]?.reason ?? 'no samples' };
}

/** Whether a soak has had all the time that it is given. */
export function isAtCeiling(samples: readonly Sample[], { ceiling }: VerdictPolicy): boolean {
  const soak = samples.filter((sample) => sample.kind === 'soak');
  const [first, last] = [soak[0], soak.at(-1)];
  return ceiling !== null && first !== undefined && last !== undefined && last.after - first.after >= ceiling;
}

/** The row of good looks was asked for before the soak; here it is enough that the last one was good. */
function soakHealth(soak: readonly Sample[], { failures }: VerdictPolicy): Part {
  return { ...healthVerdict(soak, { failures }), ours: conclusive(soak).length === 0 && soak.length > 0 };
}

/** Limits that the runtime counted no answers for. */
function uncountedParts({ limits }: VerdictPolicy): readonly Part[] {
  const names = Object.entries(limits ?? {}).filter(([, limit]) => limit !== undefined);
  if (names.length === 0) return [];
  const reason = `no answers were counted to judge ${names.map(([name]) => name).join(', ')} by`;
  return [{ verdict: 'inconclusive', reason, ours: true }];
}

/** One instance, alive throughout. One that died fails, even if it, or another in its place, came back. */
export function instanceVerdict(samples: readonly Sample[]): Judgement {
  const from = samples.findIndex((sample) => sample.instance !== null);
  const first = samples[from];
  if (first === undefined) return { verdict: 'inconclusive', reason: 'no instance was seen' };
  for (const { instance, restarts } of samples.slice(from)) {
    if (instance === null) return { verdict: 'fail', reason: `instance ${first.instance} died` };
    if (instance !== first.instance) {
      return { verdict: 'fail', reason: `instance ${first.instance} died and was replaced by ${instance}` };
    }
    if ((restarts ?? 0) > (first.restarts ?? 0)) {
      return { verdict: 'fail', reason: `instance ${first.instance} died and was started again` };
    }
  }
  return { verdict: 'pass', reason: `instance ${first.instance} stayed alive` };
}

function conclusive(samples: readonly Sample[]): readonly Sample[] {
  return samples.filter((sample) => sample.outcome !== 'late');
}

function nothingToJudge(samples: readonly Sample[]): Judgement {
  const reason = samples.length === 0 ? 'no samples' : `all ${samples.length} samples were late on our side`;
  return { verdict: 'inconclusive', reason };
}

/** Length of the longest row of bad samples. */
function longestRowOfBad(samples: readonly Sample[]): number {
  let row = 0;
  let longest = 0;
  for (const { outcome } of samples) {
    row = outcome === 'bad' ? row + 1 : 0;
    longest = Math.max(longest, row);
  }
  return longest;
}
