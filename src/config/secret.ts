import { z } from 'zod';
import { path } from './words.ts';

const EXPECTED = '{ env: VARIABLE } or { file: PATH }';
const TODO = 'take the secret out of this file, say where it is, and count it as known to others';

/** What was written out may be the secret itself: it is refused without being shown. */
const writtenOut = (type: z.ZodString | z.ZodNumber) =>
  type.transform((_, context): never => {
    const params = { found: 'a secret written out', todo: TODO };
    context.issues.push({ code: 'custom', input: null, message: EXPECTED, params });
    return z.NEVER;
  });

/** A variable of the environment of whoever uses it. What was written in place of a name may be the secret: not shown. */
const variable = z.string().check((context) => {
  if (/^[A-Z_][A-Z0-9_]{0,127}$/.test(context.value)) return;
  const params = { found: 'no such name', todo: 'write the name of the variable, not what it holds' };
  const message = 'the name of a variable, such as SLIPWAY_PAGER_SECRET';
  context.issues.push({ code: 'custom', input: null, message, params });
});

/** A webhook's key begins so (Standard Webhooks), and no path does. */
const file = path.check((context) => {
  if (!context.value.startsWith('whsec_')) return;
  const params = { found: 'a secret written out', todo: TODO };
  context.issues.push({ code: 'custom', input: null, message: 'the path of a file', params });
});

/** A secret that only a variable can hold. */
export const variableReference = z.strictObject({ env: variable });

/** A secret by reference. */
export const secretReference = z.union([
  variableReference,
  /** A file on the machine of whoever uses it, relative to the platform file. */
  z.strictObject({ file }),
  writtenOut(z.string()),
  writtenOut(z.number()),
]);

export type SecretReference = z.output<typeof secretReference>;
