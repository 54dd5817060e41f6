import { isPlaceholder, PLACEHOLDER, type Placeholder, type PrometheusQuery } from '../config/prometheus.ts';
import { SlipwayError } from '../contract/failure.ts';

/** What the placeholders of queries stand for. */
export type QueryValues = Readonly<Record<Placeholder, string>>;

/** A query as it is sent. */
export interface FilledQuery {
  readonly name: string;
  readonly text: string;
  /** The labels that it asks for by a placeholder: a series with another value there is another series. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Names and versions, and nothing that could end a string in PromQL. */
const SAFE_WORD = /^[A-Za-z0-9._-]+$/;

/**
 * Puts values in the place of a query's placeholders.
 * @throws INTERNAL for a value that is no plain word: it would become part of the query
 */
export function fillQuery({ name, query }: PrometheusQuery, values: QueryValues): FilledQuery {
  const valueOf = (word: string): string | null => (isPlaceholder(word) ? safe(word, values[word]) : null);
  const labels = new Map<string, string>();
  for (const [, label = '', word = ''] of query.matchAll(/([A-Za-z_]\w*)\s*=\s*["']\$([a-z]+)["']/g)) {
    const value = valueOf(word);
    if (value !== null) labels.set(label, value);
  }
  const text = query.replaceAll(PLACEHOLDER, (given: string, word: string) => valueOf(word) ?? given);
  return { name, text, labels: Object.fromEntries(labels) };
}

function safe(word: Placeholder, value: string): string {
  if (SAFE_WORD.test(value)) return value;
  throw new SlipwayError('INTERNAL', `found ${JSON.stringify(value)} for $${word} of a query, expected a plain word`);
}
