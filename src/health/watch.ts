import type { Health } from '../config/manifest.ts';
import type { Limits, SoakFloors } from '../config/soak.ts';
import type { AnswerCounts } from '../contract/answers.ts';
import type { Observation } from '../runtime/driver.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Measure } from './counter.ts';
import { type MetricSource, openMeasuring, openMetrics } from './measuring.ts';
import { policyOf, samplingInterval, type VerdictPolicy } from './policy.ts';
import { createProber, type Prober } from './probe.ts';
import { type LiveVerdict, recomputeVerdict } from './recompute.ts';
import type { Sample } from './sample.ts';
import { createSampler } from './sampler.ts';
import { runSoak } from './soak.ts';

export interface LiveWatch {
  /** Stable address; null for an agent. */
  readonly address: string | null;
  readonly health: Health;
  /** The environment's floors and ceiling, of each round. */
  readonly soak: SoakFloors;
  readonly limits?: Limits | undefined;
  /** Milliseconds that the watch lasts. */
  readonly until: number;
  /** Milliseconds of the watch that this goes on with, after a worker was lost; `until` unless given. */
  readonly whole?: number | undefined;
  /** What users were answered in the release's own soak, to compare with; null for no comparison. */
  readonly baseline: AnswerCounts | null;
  /** Looks at the runtime, and throws when it is no longer this release's to look at. */
  readonly observe: () => Promise<Observation>;
  readonly measure?: Measure | undefined;
  readonly metrics?: MetricSource | undefined;
  readonly onProgress?: ((progress: WatchProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
}

/** How far a watch is: small, so that it can be a heartbeat's details. */
export interface WatchProgress {
  /** From 1. */
  readonly round: number;
  /** Samples of this round. */
  readonly samples: number;
  /** What was last seen. */
  readonly last: string;
}

export interface WatchVerdict {
  /** Whether a round failed; the watch ended with it. */
  readonly degraded: boolean;
  /** The evidence of that round, or of the last one, which may be inconclusive. */
  readonly verdict: LiveVerdict;
}

/**
 * Keeps the verdicts of the soak running on a live release, in rounds, until its time is over or one fails (§12, after
 * completion). Only the current round is kept in memory. What a round cannot tell is no failure; and each round is
 * allowed only its part of the false alarms that a soak is, so that a long watch does not cry wolf.
 * @throws what `observe` and `measure` throw, and the signal's reason
 */
export async function watchLive(watch: LiveWatch): Promise<WatchVerdict> {
  const prober = createProber();
  try {
    return await watchThrough(prober, watch);
  } finally {
    await prober.close();
  }
}

async function watchThrough(prober: Prober, watch: LiveWatch): Promise<WatchVerdict> {
  const { health, soak, until, baseline, onProgress, signal, clock = systemClock } = watch;
  const begun = clock.now();
  const remaining = () => until - (clock.now() - begun);
  const sampler = createSampler({ ...watch, prober, clock });
  const interval = samplingInterval(health);
  // The instance that is live now has to be the one of every round.
  const before = [await sampler.take('health')];
  // A round of the watch is in no hurry: what a soak asks within its time, it asks within its ceiling.
  const within = soak.ceiling;
  const measuring = await openMeasuring({ ...watch, prober, clock, hasStarted: true, within });
  const { counting } = measuring;
  const ofSoak = policyOf({
    health,
    floors: soak,
    counted: counting === undefined ? 'looks' : 'answers',
    limits: watch.address === null ? null : (watch.limits ?? {}),
    metrics: watch.metrics?.bounds ?? [],
  });
  const policy = policyOfRound(ofSoak, watch.whole ?? until);
  const longest = ofSoak.ceiling ?? until;

  for (let round = 1; ; round++) {
    const samples: Sample[] = [...before];
    const metrics = openMetrics(watch.metrics);
    await runSoak({
      take: () => sampler.take('soak'),
      onSample: (sample) => {
        samples.push(sample);
        onProgress?.({ round, samples: samples.length - before.length, last: sample.detail });
      },
      until: Math.min(longest, remaining()),
      interval,
      counting,
      metrics,
      policy,
      before,
      baseline,
      clock,
      signal,
    });
    const evidence = { policy, samples, metrics: metrics.taken(), baseline, smoke: [] };
    const verdict = { ...recomputeVerdict(evidence), ...evidence };
    const degraded = verdict.verdict === 'fail';
    if (degraded || remaining() <= interval) return { degraded, verdict };
    await clock.wait(interval, signal);
  }
}

/** The soak's policy, with its false alarms shared out among as many rounds as the watch may have. */
export function policyOfRound(ofSoak: VerdictPolicy, whole: number): VerdictPolicy {
  const rounds = Math.max(1, Math.ceil(whole / ofSoak.for));
  return { ...ofSoak, checks: ['soak'], ceiling: null, alpha: ofSoak.alpha / rounds };
}
