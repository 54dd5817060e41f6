import type { Answers } from '../contract/answers.ts';

/**
 * What was done to get a sample, which is also the step of post-deploy verification (§10) that it belongs to. Smoke
 * tests are no samples: they have results of their own.
 */
export type SampleKind = 'availability' | 'health' | 'soak';

/**
 * - `good`, `bad`: the release showed it;
 * - `late`: we were too slow to tell. Inconclusive: it counts neither for nor against the release.
 */
export type SampleOutcome = 'good' | 'bad' | 'late';

/** One recorded observation of a live release. Samples become evidence, so they are small and plain JSON. */
export interface Sample {
  /** The wall clock, ISO 8601. */
  readonly at: string;
  /** Milliseconds since the verification began, monotonic: spans of time are judged by this alone. */
  readonly after: number;
  /** Milliseconds that the observation itself took. */
  readonly elapsed: number;
  readonly kind: SampleKind;
  readonly outcome: SampleOutcome;
  /** HTTP status; null where nothing answered, or where nothing was asked over HTTP. */
  readonly status: number | null;
  /** What was seen, in a few words. */
  readonly detail: string;
  /** The live instance at that moment; null when none was alive. */
  readonly instance: string | null;
  /** How often the runtime had had to start it again; null when it did not say. */
  readonly restarts: number | null;
  /**
   * In the soak: what the live instance answered since the sample before, or since the soak began, as the runtime
   * counted it. Left out where it counted nothing.
   */
  readonly answers?: Answers;
  /** Those of them that came while the release may have been slow to start. Left out where there are none. */
  readonly early?: Answers;
}

/** One query of a Prometheus, asked once (§12: system health as operators measure it). Evidence, like a sample. */
export interface MetricSample {
  /** The wall clock, ISO 8601. */
  readonly at: string;
  /** As in {@link Sample}. */
  readonly after: number;
  /** The query's name in the platform file. */
  readonly name: string;
  /** Null where there is no single number: nothing, NaN, an error, or several series. Then it is inconclusive. */
  readonly value: number | null;
  /** What was seen, in a few words. */
  readonly detail: string;
}
