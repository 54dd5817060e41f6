import { z } from 'zod';
import { excerpt } from './excerpt.ts';
import type { ProbeAnswer } from './probe.ts';
import type { MetricSample } from './sample.ts';

/** What a query came to: one number, or null and why there is none. */
export type MetricLook = Pick<MetricSample, 'value' | 'detail'>;

/** Time (which nothing depends on) and value, which is text: `NaN` and `+Inf` are no JSON. */
const point = z.tuple([z.number(), z.string()]);
const vector = z.array(z.object({ metric: z.record(z.string(), z.string()), value: point.optional() }));
const success = z.object({
  status: z.literal('success'),
  data: z.object({ resultType: z.string(), result: z.unknown() }),
  warnings: z.array(z.string()).optional(),
});
const refusal = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() });
/** https://prometheus.io/docs/prometheus/latest/querying/api/, instant queries. */
const reply = z.union([success, refusal]);

/**
 * The one number in a Prometheus's answer. A scalar has one, and so has a vector of exactly one series, unless a label
 * of it is not what was asked for. All else has none, and is no evidence for or against a release. Pure.
 */
export function readMetric(answer: ProbeAnswer, labels: Readonly<Record<string, string>>): MetricLook {
  if (answer.status === null) return none(answer.late ? `${answer.detail} (the delay was on our side)` : answer.detail);
  const said = parsed(answer.body);
  if (said?.status === 'error') return none(`${answer.detail}, ${said.errorType}: ${excerpt(said.error)}`);
  if (answer.status !== 200) return none(answer.detail);
  if (said === null) return none(`${answer.detail}, which is no answer of a Prometheus`);
  const look = numberIn(said.data, labels);
  const [warning] = said.warnings ?? [];
  return warning === undefined ? look : { ...look, detail: `${look.detail}, with a warning: ${excerpt(warning)}` };
}

function numberIn({ resultType, result }: z.output<typeof success>['data'], labels: Readonly<Record<string, string>>) {
  if (resultType === 'scalar') {
    const read = point.safeParse(result);
    return read.success ? finite(read.data[1]) : none('a scalar that cannot be read');
  }
  if (resultType !== 'vector') return none(`a ${excerpt(resultType)}, expected one number`);
  const read = vector.safeParse(result);
  if (!read.success) return none('a vector that cannot be read');
  const [series, ...others] = read.data;
  if (series === undefined) return none('no series');
  if (others.length > 0) return none(`${read.data.length} series, expected one: aggregate them`);
  const wrong = Object.entries(labels).find(([label, value]) => (series.metric[label] ?? value) !== value);
  if (wrong !== undefined) {
    const [label, value] = wrong;
    return none(
      `another series: ${label} is ${JSON.stringify(excerpt(series.metric[label] ?? ''))}, expected "${value}"`,
    );
  }
  return series.value === undefined ? none('a histogram, expected one number') : finite(series.value[1]);
}

function finite(text: string): MetricLook {
  const value = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  return Number.isFinite(value) ? { value, detail: `answered ${value}` } : none(`${excerpt(text)}, expected a number`);
}

function none(detail: string): MetricLook {
  return { value: null, detail };
}

function parsed(body: string): z.output<typeof reply> | null {
  try {
    return reply.safeParse(JSON.parse(body)).data ?? null;
  } catch {
    return null;
  }
}
