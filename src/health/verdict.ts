import { formatDuration } from '../config/duration.ts';
import type { Sample } from './sample.ts';

/** Missing data is `inconclusive`, never a pass. */
export type Verdict = 'pass' | 'fail' | 'inconclusive';

/** A verdict and what led to it, for people. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: string;
}

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

/**
 * Health (§10). Fails at `failures` bad samples in a row, or when it flaps: `failures` bad ones in all, and more than
 * one in ten. Late samples neither break a row nor lengthen it. A release that was last seen bad has not passed.
 */
export function healthVerdict(samples: readonly Sample[], { failures }: { readonly failures: number }): Judgement {
  const told = conclusive(samples);
  const last = told.at(-1);
  if (last === undefined) return nothingToJudge(samples);

  const bad = told.filter((sample) => sample.outcome === 'bad');
  if (longestRow(told) >= failures) {
    return { verdict: 'fail', reason: `${failures} bad in a row, the last: ${bad.at(-1)?.detail}` };
  }
  const reason = `${bad.length} of ${told.length} samples bad`;
  if (bad.length >= failures && bad.length > told.length * FLAPPING) {
    return { verdict: 'fail', reason: `flapping: ${reason}, the last: ${bad.at(-1)?.detail}` };
  }
  return last.outcome === 'good'
    ? { verdict: 'pass', reason }
    : { verdict: 'inconclusive', reason: `the last sample was bad: ${last.detail}` };
}

/** What a soak has to reach before it can pass: both floors, at fewer failures than these. */
export interface SoakPolicy {
  /** Milliseconds, from the first conclusive sample to the last. */
  readonly for: number;
  /** Conclusive samples. */
  readonly samples: number;
  readonly failures: number;
}

/**
 * The soak (§10, §12 "system health degrades post-deploy"), out of everything seen since the release went live. The
 * samples of kind `soak` make the health and the floors; the instance has to be the same one through all of them.
 * Inconclusive while a floor is not reached, so this is also how the soak knows that it is over.
 */
export function soakVerdict(samples: readonly Sample[], policy: SoakPolicy): Judgement {
  const soak = samples.filter((sample) => sample.kind === 'soak');
  const instance = instanceVerdict(samples);
  const health = healthVerdict(soak, policy);
  const floors = floorsVerdict(soak, policy);
  const verdict = combine([instance.verdict, health.verdict, floors.verdict]);
  if (verdict === 'pass') return { verdict, reason: `${floors.reason}, ${health.reason}` };
  const decisive = [instance, health, floors].find((judgement) => judgement.verdict === verdict);
  return decisive ?? floors;
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

function floorsVerdict(soak: readonly Sample[], policy: SoakPolicy): Judgement {
  const told = conclusive(soak);
  const span = (told.at(-1)?.after ?? 0) - (told[0]?.after ?? 0);
  const reached = told.length >= policy.samples && span >= policy.for;
  const counts = reached ? `${told.length}` : `${told.length} of ${policy.samples}`;
  const spans = reached ? formatDuration(span) : `${formatDuration(span)} of ${formatDuration(policy.for)}`;
  return { verdict: reached ? 'pass' : 'inconclusive', reason: `${counts} samples in ${spans}` };
}

function conclusive(samples: readonly Sample[]): readonly Sample[] {
  return samples.filter((sample) => sample.outcome !== 'late');
}

function nothingToJudge(samples: readonly Sample[]): Judgement {
  const reason = samples.length === 0 ? 'no samples' : `all ${samples.length} samples were late on our side`;
  return { verdict: 'inconclusive', reason };
}

/** Length of the longest row of bad samples. */
function longestRow(samples: readonly Sample[]): number {
  let row = 0;
  let longest = 0;
  for (const { outcome } of samples) {
    row = outcome === 'bad' ? row + 1 : 0;
    longest = Math.max(longest, row);
  }
  return longest;
}
