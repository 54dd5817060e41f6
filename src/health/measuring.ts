import type { Health } from '../config/manifest.ts';
import type { SoakFloors } from '../config/soak.ts';
import type { AnswerCounts } from '../contract/answers.ts';
import type { Clock } from './clock.ts';
import { createCounter, type Measure } from './counter.ts';
import type { MetricBound } from './policy.ts';
import { probedFor, type Prober } from './probe.ts';
import type { MetricSample } from './sample.ts';
import type { Counting } from './soak.ts';

/** The metrics that operators configured, and how to ask for all of them once. */
export interface MetricSource {
  readonly bounds: readonly MetricBound[];
  /** A metric that cannot be had is a sample without a value, never an exception. */
  readonly ask: () => Promise<readonly MetricSample[]>;
}

export interface MeasuringOptions {
  readonly address: string | null;
  readonly health: Health;
  readonly soak: SoakFloors;
  readonly prober: Prober;
  readonly clock: Clock;
  readonly measure?: Measure | undefined;
  readonly metrics?: MetricSource | undefined;
  /** Whether the release has long been live, so that none of its answers is early. */
  readonly hasStarted?: boolean;
  /** Milliseconds within which the floor of samples is to be reached; the soak's `for` unless given. */
  readonly within?: number;
}

/** What is measured of a release beside the looks at it. */
export interface Measuring {
  readonly counting: Counting | undefined;
  readonly baseline: AnswerCounts | null;
  readonly metrics: Metrics;
}

export interface Metrics {
  /** All that was answered so far. Asks again, unless the last question is still open. Throws what that threw. */
  readonly look: () => readonly MetricSample[];
  /** What the last look saw, and was judged by. */
  readonly taken: () => readonly MetricSample[];
}

/** Begins to measure: reads the runtime's counts, and asks for the metrics. */
export async function openMeasuring(options: MeasuringOptions): Promise<Measuring> {
  const { address, health, prober, measure, soak, within = soak.for, hasStarted = false } = options;
  const metrics = openMetrics(options.metrics);
  if (address === null || measure === undefined || !('path' in health)) {
    return { counting: undefined, baseline: null, metrics };
  }
  const { live, before } = await measure();
  if (live === null) return { counting: undefined, baseline: before, metrics };
  const headers = probedFor('health');
  const counting: Counting = {
    counter: createCounter(measure, live, hasStarted),
    ask: (signal) => prober.probe(`${address}${health.path}`, { timeout: health.timeout, headers, signal }),
    within,
  };
  return { counting, baseline: before, metrics };
}

/** A Prometheus that answers slowly must not make the looks at the release rarer: it is asked beside them. */
export function openMetrics(source: MetricSource | undefined): Metrics {
  const answered: MetricSample[] = [];
  let taken: readonly MetricSample[] = [];
  let isAsking = false;
  let failure: { readonly error: unknown } | null = null;
  const ask = async (from: MetricSource): Promise<void> => {
    isAsking = true;
    try {
      answered.push(...(await from.ask()));
    } catch (error) {
      failure = { error };
    }
    isAsking = false;
  };
  return {
    look: () => {
      if (failure !== null) throw failure.error;
      taken = [...answered];
      if (source !== undefined && !isAsking) void ask(source);
      return taken;
    },
    taken: () => taken,
  };
}
