import { z } from 'zod';
import { NAME } from '../contract/target.ts';
import { path } from './words.ts';

/** `<scope>/<name>`, such as `storefront/database-url`: safe in a path and, in capitals, in the name of a variable. */
export const SECRET_NAME = new RegExp(`${NAME.source.slice(0, -1)}/${NAME.source.slice(1)}`);

/** A secret that a component is given when it is started, by name: what it is called everywhere, in every environment. */
export const secretOfComponent = z.strictObject({
  secret: z.string().check((context) => {
    if (SECRET_NAME.test(context.value)) return;
    // What stands here may be the secret itself: it is not shown.
    const params = { found: 'another text', todo: 'write its name, not what it holds' };
    const message = 'a name such as storefront/database-url: two words of lower-case letters, digits and dashes';
    context.issues.push({ code: 'custom', input: null, message, params });
  }),
});

/** Variables of this platform itself, and of the programs that it starts, begin so. */
const OURS = /^(?:SLIPWAY_$|SLIPWAY_(?:TEMPORAL|FAILPOINT)_|TEMPORAL_|NODE_)/;

/** Where an environment's secrets lie. */
export const secretsProvider = z.union([
  /** A file a secret, `<folder>/<scope>/<name>`; relative to the platform file. */
  z.strictObject({ folder: path }),
  /** Variables that begin so, in capitals: `STAGING_STOREFRONT_DATABASE_URL`. */
  z.strictObject({
    variables: z.string().check((context) => {
      if (/^[A-Z][A-Z0-9_]{0,62}_$/.test(context.value) && !OURS.test(context.value)) return;
      const message = 'how their names begin, such as STAGING_: capitals, with _ at its end, and none that is ours';
      context.issues.push({ code: 'custom', input: context.value, message });
    }),
  }),
]);

export type SecretsProvider = z.output<typeof secretsProvider>;

/** The variable that holds a secret where they are variables that begin with `prefix`. */
export function variableOf(prefix: string, secret: string): string {
  return prefix + secret.replaceAll(/[/-]/g, '_').toUpperCase();
}
