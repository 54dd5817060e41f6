import { z } from 'zod';
import { duration } from './duration.ts';
import { quote } from './finding.ts';
import { jsonPath } from './json-path.ts';
import { command, urlPath } from './words.ts';

/** Where a smoke test runs; both unless given. */
const at = z
  .array(z.enum(['verification', 'live']))
  .min(1)
  .default(['verification', 'live']);
const smokeName = z.string().min(1).max(80);

const headerName = z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,100}$/, 'a header such as content-type');
const headerValue = z
  .string()
  .max(1000)
  .regex(/^(?=.*\S)\P{Cc}+$/u, 'one line of text, whole or ending in *');

/** Names in any case; a value is compared whole, or by its beginning where it ends in `*`. */
const headers = z.record(headerName, headerValue).check((context) => {
  const seen = new Set<string>();
  for (const [given, value] of Object.entries(context.value)) {
    const header = given.toLowerCase();
    const params = { found: `${quote(header)} again`, todo: 'remove one of the two' };
    if (seen.has(header)) {
      const message = 'each header once, for case makes no difference';
      context.issues.push({ code: 'custom', path: [given], input: value, message, params });
    }
    seen.add(header);
  }
});

/** What a value in JSON can be compared with. */
export type JsonScalar = string | number | boolean | null;

const jsonScalar = z.custom<JsonScalar>(
  (value) => value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value),
  'text, a number, true, false or null',
);

/** What one place in an answer that is JSON has to hold. */
const jsonTest = z.union([
  z.strictObject({ path: jsonPath, equals: jsonScalar }),
  z.strictObject({ path: jsonPath, exists: z.literal(true) }),
]);

/** One request through the address, and what its answer has to be. */
const httpSmoke = z.strictObject({
  name: smokeName,
  path: urlPath,
  /** 200 unless given. */
  status: z.int().min(100).max(599).default(200),
  /** Headers of the answer; not asked for unless given. */
  headers: headers.optional(),
  /** Text that the body holds; not asked for unless given. */
  includes: z.string().min(1).optional(),
  /** Places in a body that is JSON; not asked for unless given. */
  json: z.array(jsonTest).min(1).max(50).optional(),
  /** The bound on time, until the last byte of the answer. `5s` unless given. */
  timeout: duration.prefault('5s'),
  at,
});

/** A command of the component, sandboxed, without credentials, reaching only `$SLIPWAY_URL`; 0 is a pass. 30s unless given. */
const commandSmoke = z.strictObject({ name: smokeName, command, timeout: duration.prefault('30s'), at });

export const smokeTest = z.union([httpSmoke, commandSmoke]);

export type HttpSmokeTest = z.output<typeof httpSmoke>;
export type CommandSmokeTest = z.output<typeof commandSmoke>;
export type JsonTest = z.output<typeof jsonTest>;
