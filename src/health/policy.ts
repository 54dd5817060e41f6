import type { Health, SealedManifest } from '../config/manifest.ts';
import type { Environment } from '../config/platform.ts';
import type { Limits, SoakFloors } from '../config/soak.ts';
import { ALPHA } from '../statistics/error-test.ts';
import { HEARTBEAT_GRACE } from './heartbeat.ts';
import { LIVE_CHECKS, type LiveCheck } from './trigger.ts';

/** A metric's name, and the values that it has to stay between. */
export interface MetricBound {
  readonly name: string;
  readonly max?: number | undefined;
  readonly min?: number | undefined;
}

/**
 * All that a verdict goes by beside what was recorded. It is sealed with the evidence, so that the verdict can be
 * reckoned again. Times are milliseconds.
 */
export interface VerdictPolicy {
  /** The checks that have to pass: all of §10, or in a watch the soak alone. */
  readonly checks: readonly LiveCheck[];
  /** Bad looks that the health allows for, and how many good ones in a row the health check asks for. */
  readonly failures: number;
  readonly successes: number;
  /** The floors: from the first conclusive look to the last, and samples. */
  readonly for: number;
  readonly samples: number;
  /** What a sample is: an answer that the runtime counted, or a look, where it counts none. */
  readonly counted: 'answers' | 'looks';
  /** From the first look on; what is still inconclusive then has failed. Null for a watch, where it is no failure. */
  readonly ceiling: number | null;
  /** Null where they cannot be judged: an agent answers nobody. */
  readonly limits: Limits | null;
  readonly metrics: readonly MetricBound[];
  /** How often a release that is well may be failed, by each test. */
  readonly alpha: number;
}

export interface PolicyOptions {
  readonly health: Health;
  readonly floors: SoakFloors;
  readonly counted: VerdictPolicy['counted'];
  readonly limits: Limits | null;
  readonly metrics: readonly MetricBound[];
}

/** Milliseconds from one look to the next. A heartbeat is looked at twice as often as it is due. */
export function samplingInterval(health: Health): number {
  return 'heartbeat' in health ? Math.max(1, Math.min(1_000, health.heartbeat / 2)) : health.interval;
}

/**
 * The environment's floors, for this component. A soak shorter than a heartbeat would pass an agent that beat once and
 * hung, so it lasts until one more was due, and its ceiling with it. Looks come at their interval, however many are
 * asked for: where they are the samples, the ceiling leaves them twice the time that they take.
 */
export function policyOf({ health, floors, counted, limits, metrics }: PolicyOptions): VerdictPolicy {
  const beat = 'heartbeat' in health ? health.heartbeat * HEARTBEAT_GRACE : 0;
  const longer = Math.max(0, beat - floors.for);
  const looks = counted === 'looks' ? 2 * floors.samples * samplingInterval(health) : 0;
  return {
    checks: LIVE_CHECKS,
    failures: health.failures,
    successes: successesOf(health),
    for: floors.for + longer,
    samples: floors.samples,
    counted,
    ceiling: Math.max(floors.ceiling + longer, looks),
    limits,
    metrics,
    alpha: ALPHA,
  };
}

/** Good looks in a row that the health check asks for: one, unless the component says otherwise. */
export function successesOf(health: Health & { readonly successes?: number | undefined }): number {
  return health.successes ?? 1;
}

/** What an environment holds its metrics to; nothing where it names no Prometheus. */
export function metricBoundsOf({ prometheus }: Pick<Environment, 'prometheus'>): readonly MetricBound[] {
  return (prometheus?.queries ?? []).map(({ name, max, min }) => ({ name, max, min }));
}

/** What a live release is judged by, as its platform file and its manifest have it. */
export function declaredPolicy(
  environment: Environment,
  { kind, health }: Pick<SealedManifest, 'kind' | 'health'>,
  counted: VerdictPolicy['counted'],
): VerdictPolicy {
  const limits = kind === 'agent' ? null : environment.limits;
  return policyOf({ health, floors: environment.soak, counted, limits, metrics: metricBoundsOf(environment) });
}
