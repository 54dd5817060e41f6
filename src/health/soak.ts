import type { AnswerCounts } from '../contract/answers.ts';
import { type Asking, createAsking } from './asking.ts';
import type { Clock } from './clock.ts';
import type { Counter } from './counter.ts';
import type { VerdictPolicy } from './policy.ts';
import type { MetricSample, Sample } from './sample.ts';
import { concludeSoak, isAtCeiling, type Judgement, soakParts } from './verdict.ts';

export interface Sampling {
  readonly take: () => Promise<Sample>;
  /** Milliseconds from the beginning of one sample to the beginning of the next. */
  readonly interval: number;
  /** Whether it is over, decided or not: an end for when it is we who cannot measure. */
  readonly isOver: (samples: readonly Sample[]) => boolean;
  /** Asked after each sample; anything but `inconclusive` ends it. */
  readonly judge: (samples: readonly Sample[]) => Judgement;
  readonly clock: Clock;
  /** Ends it, throwing the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each sample: the place to keep it, and to heartbeat. */
  readonly onSample?: ((sample: Sample) => void) | undefined;
  /** Waits until the next sample is due, on the clock; with a use for the time, unless left out. */
  readonly passTime?: ((until: number) => Promise<void>) | undefined;
}

/** Takes samples at an interval until they decide. What `take` throws ends it: that is no sample. */
export async function sampleUntil(sampling: Sampling): Promise<Judgement> {
  const { clock, signal } = sampling;
  const passTime = sampling.passTime ?? ((until) => clock.wait(Math.max(0, until - clock.now()), signal));
  const samples: Sample[] = [];
  for (;;) {
    signal?.throwIfAborted();
    const begun = clock.now();
    const sample = await sampling.take();
    samples.push(sample);
    sampling.onSample?.(sample);
    const judgement = sampling.judge(samples);
    if (judgement.verdict !== 'inconclusive' || sampling.isOver(samples)) return judgement;
    await passTime(begun + sampling.interval);
  }
}

export interface Soak extends Pick<Sampling, 'take' | 'interval' | 'clock' | 'signal' | 'onSample'> {
  readonly policy: VerdictPolicy;
  /** What was seen of the release before the soak: its instance has to be the same one. */
  readonly before: readonly Sample[];
  /** What users were answered by the version before; null or left out where there is nothing to compare with. */
  readonly baseline?: AnswerCounts | null;
  /** What the runtime counts. Where it is left out, looks are all there is. */
  readonly counting?: Counting | undefined;
  /** What operators measure, as of one moment. */
  readonly metrics?: { readonly look: () => readonly MetricSample[] } | undefined;
  /** Milliseconds after which it ends, decided or not; the ceiling unless given. */
  readonly until?: number | undefined;
}

export interface Counting {
  readonly counter: Counter;
  /** Asks the release once, in a way that the runtime counts as a probe. */
  readonly ask: (signal: AbortSignal) => Promise<unknown>;
  /** Milliseconds within which the floor of samples is to be reached. */
  readonly within: number;
}

/** Of the time of a soak, what a release is given to become fast: a just-in-time compiler, an empty cache. */
const SLOW_START = 0.1;
/** Of the time to the floor, what is left to spare for answers that are still under way. */
const AHEAD = 0.9;

/**
 * Watches a live release until both floors are reached, time and samples, or until it has failed (§10); or up to the
 * ceiling. It looks at the interval, and where answers are the samples, asks for as many as are missing in between.
 */
export async function runSoak(soak: Soak): Promise<Judgement> {
  const { policy, before, baseline = null, counting, metrics, until, ...rest } = soak;
  const { clock, signal } = rest;
  const begun = clock.now();
  const asking = counting === undefined ? null : askingFor(counting, policy, { begun, clock, signal });
  try {
    return await sampleUntil({
      ...rest,
      take: async () => ({ ...(await rest.take()), ...(await counting?.counter.read()) }),
      judge: (samples) => {
        const evidence = { samples: [...before, ...samples], metrics: metrics?.look() ?? [], baseline };
        const parts = soakParts(evidence, policy);
        const wanted = parts.map((part) => part.wants);
        asking?.want(wanted.includes('floor') ? 'floor' : wanted.includes('more') ? 'more' : null);
        return concludeSoak(parts, evidence, policy);
      },
      isOver: (samples) => (until === undefined ? isAtCeiling(samples, policy) : clock.now() - begun >= until),
      passTime: asking?.passTime,
    });
  } finally {
    await asking?.stop();
  }
}

function askingFor(
  { counter, ask, within }: Counting,
  policy: VerdictPolicy,
  {
    begun,
    clock,
    signal,
  }: { readonly begun: number; readonly clock: Clock; readonly signal?: AbortSignal | undefined },
): Asking {
  const settled = { at: begun + policy.for * SLOW_START, do: counter.settle };
  const pace = (AHEAD * within) / policy.samples;
  return createAsking({ ask, pace, most: policy.samples, once: settled, clock, signal });
}
