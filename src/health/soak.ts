import type { Health } from '../config/manifest.ts';
import type { Clock } from './clock.ts';
import type { Sample } from './sample.ts';
import { HEARTBEAT_GRACE } from './sampler.ts';
import { type Judgement, soakVerdict, type SoakPolicy } from './verdict.ts';

export interface Sampling {
  readonly take: () => Promise<Sample>;
  /** Milliseconds from the beginning of one sample to the beginning of the next. */
  readonly interval: number;
  /** Samples after which it is over, decided or not: an end for when it is we who cannot measure. */
  readonly limit: number;
  /** Asked after each sample; anything but `inconclusive` ends it. */
  readonly judge: (samples: readonly Sample[]) => Judgement;
  readonly clock: Clock;
  /** Ends it, throwing the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each sample: the place to keep it, and to heartbeat. */
  readonly onSample?: ((sample: Sample) => void) | undefined;
}

/** Takes samples at an interval until they decide. What `take` throws ends it: that is no sample. */
export async function sampleUntil(sampling: Sampling): Promise<Judgement> {
  const { clock, signal } = sampling;
  const samples: Sample[] = [];
  for (;;) {
    signal?.throwIfAborted();
    const begun = clock.now();
    const sample = await sampling.take();
    samples.push(sample);
    sampling.onSample?.(sample);
    const judgement = sampling.judge(samples);
    if (judgement.verdict !== 'inconclusive' || samples.length >= sampling.limit) return judgement;
    await clock.wait(Math.max(0, sampling.interval - (clock.now() - begun)), signal);
  }
}

export interface Soak extends Omit<Sampling, 'judge' | 'limit'> {
  readonly policy: SoakPolicy;
  /** What was seen of the release before the soak: its instance has to be the same one. */
  readonly before: readonly Sample[];
}

/**
 * Watches a live release until both floors are reached, time and samples, or until it has failed (§10). It puts up with
 * as many late samples as it needs good ones; after that it is inconclusive.
 */
export async function runSoak({ policy, before, ...sampling }: Soak): Promise<Judgement> {
  const needed = Math.max(policy.samples, Math.ceil(policy.for / sampling.interval) + 1);
  return sampleUntil({
    ...sampling,
    limit: 2 * needed + policy.failures,
    judge: (samples) => soakVerdict([...before, ...samples], policy),
  });
}

/** Milliseconds from one sample to the next. A heartbeat is looked at twice as often as it is due. */
export function samplingInterval(health: Health): number {
  return 'heartbeat' in health ? Math.max(1, Math.min(1_000, health.heartbeat / 2)) : health.interval;
}

/**
 * The environment's floors, for this component. A soak shorter than a heartbeat would pass an agent that beat once and
 * hung, so it lasts until one more was due.
 */
export function soakPolicyOf(health: Health, floors: { readonly for: number; readonly samples: number }): SoakPolicy {
  const beat = 'heartbeat' in health ? health.heartbeat * HEARTBEAT_GRACE : 0;
  return { for: Math.max(floors.for, beat), samples: floors.samples, failures: health.failures };
}
