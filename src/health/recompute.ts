import type { AnswerCounts } from '../contract/answers.ts';
import type { FailureCode } from '../contract/failure.ts';
import { type Figures, figuresOf } from './figures.ts';
import type { VerdictPolicy } from './policy.ts';
import type { MetricSample, Sample, SampleKind } from './sample.ts';
import { type SmokeResult, smokeVerdict } from './smoke.ts';
import { codeOfChecks, type LiveCheck, type LiveChecks } from './trigger.ts';
import { availability, combine, healthVerdict, type Judgement, soakVerdict, type Verdict } from './verdict.ts';

/** What was recorded of a live release, and what it is judged by. Plain JSON: it is sealed, and read again. */
export interface VerdictEvidence {
  readonly policy: VerdictPolicy;
  readonly samples: readonly Sample[];
  readonly metrics: readonly MetricSample[];
  /** What users were answered by the version before; null where there was none, or nothing was counted. */
  readonly baseline: AnswerCounts | null;
  readonly smoke: readonly SmokeResult[];
}

/** What follows from the evidence, and from nothing else. */
export interface Recomputed {
  readonly verdict: Verdict;
  /** Null exactly when the verdict is `pass`. */
  readonly code: FailureCode | null;
  readonly message: string;
  /** Checks that were not reached are null. */
  readonly availability: Judgement | null;
  readonly health: Judgement | null;
  readonly soak: Judgement | null;
  readonly figures: Figures | null;
}

/** What post-deploy verification, or a watch, found: the evidence, and what follows from it. */
export interface LiveVerdict extends VerdictEvidence, Recomputed {}

/** Whether evidence says what it was judged by: only then can its verdict be reckoned again. Earlier versions did not. */
export function hasPolicy(evidence: object): evidence is LiveVerdict {
  const { policy, samples } = evidence as Partial<LiveVerdict>;
  return typeof policy === 'object' && policy !== null && Array.isArray(policy.checks) && Array.isArray(samples);
}

/**
 * The verdict of a live release out of what was recorded of it. Verification itself concludes with this, so whoever
 * reckons again, from the sealed evidence, comes to the same. The first check that failed says what became of the
 * release; else what is missing; else the soak, which is last.
 */
export function recomputeVerdict(evidence: VerdictEvidence): Recomputed {
  const { policy, samples, smoke } = evidence;
  const found = {
    availability: judged('availability', samples, (taken) => availability(taken, policy)),
    health: judged('health', samples, (taken) => healthVerdict(taken, policy)),
    soak: judged('soak', samples, () => soakVerdict(evidence, policy)),
  };
  const checks: LiveChecks = {
    availability: found.availability?.verdict ?? null,
    health: found.health?.verdict ?? null,
    smoke: smoke.length === 0 ? null : smokeVerdict(smoke),
    soak: found.soak?.verdict ?? null,
  };
  const asked = policy.checks.map((check) => checks[check]);
  const verdict = combine(asked.map((check) => check ?? 'inconclusive'));
  const reached: readonly (readonly [LiveCheck, string, Judgement | null])[] = [
    ['availability', 'availability', found.availability],
    ['health', 'health', found.health],
    ...smoke.map((test) => ['smoke', `smoke test "${test.name}"`, { ...test, reason: test.message }] as const),
    ['soak', 'soak', found.soak],
  ];
  const [, name, decisive] = reached.findLast(
    ([check, , judgement]) => policy.checks.includes(check) && judgement?.verdict === verdict,
  ) ?? ['soak', 'verification', null];
  const message = `${name} ${SAID[verdict]}: ${decisive?.reason ?? 'no smoke test is marked for live'}`;
  return {
    verdict,
    code: codeOfChecks(checks, policy.checks),
    message,
    ...found,
    figures: figuresOf(evidence, policy),
  };
}

/** A check that took no sample was not reached. */
function judged(
  kind: SampleKind,
  samples: readonly Sample[],
  judge: (taken: readonly Sample[]) => Judgement,
): Judgement | null {
  const taken = samples.filter((sample) => sample.kind === kind);
  return taken.length === 0 ? null : judge(taken);
}

const SAID: Readonly<Record<Verdict, string>> = { pass: 'passed', fail: 'failed', inconclusive: 'is inconclusive' };
