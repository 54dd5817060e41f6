import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import { quote } from './finding.ts';
import { baseAddress } from './http-address.ts';
import { secretReference } from './secret.ts';
import { name } from './words.ts';

/** What a query may speak of: the deployment that is being watched. */
export const PLACEHOLDERS = ['environment', 'component', 'version'] as const;

export type Placeholder = (typeof PLACEHOLDERS)[number];

/** A `$word` in a query. `$` alone is PromQL's own, in patterns; so are `$1` and `${name}`, in replacements. */
export const PLACEHOLDER = /\$([A-Za-z_]\w*)/g;

const promQl = z
  .string()
  .min(1)
  .max(2000)
  .check((context) => {
    for (const [given, word = ''] of context.value.matchAll(PLACEHOLDER)) {
      if (isPlaceholder(word)) continue;
      const params = { found: quote(given), todo: `did you mean "$${closest(word, [...PLACEHOLDERS])}"?` };
      const message = `a query whose placeholders are ${PLACEHOLDERS.map((each) => `$${each}`).join(', ')}`;
      context.issues.push({ code: 'custom', input: given, message, params });
    }
  });

/** A number, and what it has to be; with neither bound it is only recorded, for the Definition of Done. */
const query = z
  .strictObject({
    name,
    query: promQl,
    /** The bounds themselves are within. */
    max: z.number().optional(),
    min: z.number().optional(),
  })
  .check((context) => {
    const { max, min } = context.value;
    if (max === undefined || min === undefined || max >= min) return;
    const params = { todo: 'correct one of the two: no number lies between them' };
    const message = `at least ${min}, for that is its min`;
    context.issues.push({ code: 'custom', path: ['max'], input: max, message, params });
  });

/** A Prometheus, or what speaks its HTTP API: system health as operators measure it (§12). */
export const prometheus = z
  .strictObject({
    url: baseAddress,
    /** Sent as a bearer token; none unless given. */
    token: secretReference.optional(),
    queries: z.array(query).min(1).max(20),
  })
  .check((context) => {
    const names = new Set<string>();
    for (const [index, { name: given }] of context.value.queries.entries()) {
      if (names.has(given)) {
        const message = 'each query under a name of its own';
        const path = ['queries', index, 'name'];
        context.issues.push({ code: 'custom', path, input: given, message, params: { todo: 'rename it' } });
      }
      names.add(given);
    }
  });

export type Prometheus = z.output<typeof prometheus>;
export type PrometheusQuery = z.output<typeof query>;

export function isPlaceholder(word: string): word is Placeholder {
  return PLACEHOLDERS.some((each) => each === word);
}
