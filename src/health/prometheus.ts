import type { Prometheus } from '../config/prometheus.ts';
import type { SecretReference } from '../config/secret.ts';
import type { Clock } from './clock.ts';
import { createProber } from './probe.ts';
import { readMetric } from './prometheus-answer.ts';
import { type FilledQuery, fillQuery, type QueryValues } from './prometheus-query.ts';
import type { MetricSample } from './sample.ts';

export interface MetricsDeps {
  readonly prometheus: Prometheus;
  readonly values: QueryValues;
  readonly clock: Clock;
  /** `clock.now()` when the verification began: samples count from there. */
  readonly begun: number;
  readonly signal?: AbortSignal | undefined;
  /** The secret itself. What it throws makes the samples inconclusive, and what it says is not recorded. */
  readonly resolveSecret: (reference: SecretReference) => Promise<string>;
  /** Milliseconds until the last byte of an answer, and for the query itself; 2 s unless given. */
  readonly within?: number;
}

/** Asks a Prometheus for system health as operators measure it (§12). Close it when done. */
export interface Metrics {
  /** Each query once, all at the same time; samples in the order of the file. Throws nothing but the signal's reason. */
  ask(): Promise<readonly MetricSample[]>;
  close(): Promise<void>;
}

/** Milliseconds. A Prometheus that is ill must not hold up a soak. */
const TIME_LIMIT = 2_000;
/** Bytes: one number needs few. */
const LARGEST_ANSWER = 2 ** 20;

/**
 * Opens what asks the queries of one environment about one deployment.
 * @throws INTERNAL for a value that is no plain word
 */
export function createMetrics(deps: MetricsDeps): Metrics {
  const { prometheus, clock, begun, signal, within = TIME_LIMIT } = deps;
  const queries = prometheus.queries.map((query) => fillQuery(query, deps.values));
  const prober = createProber({ largest: LARGEST_ANSWER });

  const look = async ({ text, labels }: FilledQuery, headers: Readonly<Record<string, string>>) => {
    const url = queryUrl(prometheus.url, { query: text, timeout: `${within}ms` });
    return readMetric(await prober.probe(url, { timeout: within, headers, signal }), labels);
  };

  return {
    ask: async () => {
      const at = clock.date();
      const after = Math.round(clock.now() - begun);
      const headers = await authorization(deps);
      signal?.throwIfAborted();
      return Promise.all(
        queries.map(async (query) => {
          const seen = headers === null ? NO_TOKEN : await look(query, headers);
          return { at, after, name: query.name, ...seen };
        }),
      );
    },
    close: () => prober.close(),
  };
}

const NO_TOKEN = { value: null, detail: 'its token is not there: not asked' } as const;

/** Null when the token cannot be had, or is none that can be sent. */
async function authorization({
  prometheus: { token },
  resolveSecret,
}: MetricsDeps): Promise<Readonly<Record<string, string>> | null> {
  if (token === undefined) return {};
  try {
    const secret = (await resolveSecret(token)).trim();
    return /^[\x21-\x7e]+$/.test(secret) ? { authorization: `Bearer ${secret}` } : null;
  } catch {
    return null;
  }
}

function queryUrl(base: string, asked: { readonly query: string; readonly timeout: string }): string {
  return `${base.replace(/\/+$/, '')}/api/v1/query?${new URLSearchParams(asked).toString()}`;
}
