import { z } from 'zod';
import { path } from './words.ts';

/** A secret that was written out is refused without being shown again: its place is not a file that is kept. */
const writtenOut = z
  .string()
  .check((context) => {
    const params = { found: 'text', todo: 'take the secret out of this file, and say where it is' };
    const message = '{ env: VARIABLE } or { file: PATH }';
    context.issues.push({ code: 'custom', input: null, message, params });
  })
  .pipe(z.never());

/** A secret by reference. */
export const secretReference = z.union([
  /** A variable of the worker's own environment. */
  z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable') }),
  /** A file on the worker's machine, relative to the platform file. */
  z.strictObject({ file: path }),
  writtenOut,
]);

export type SecretReference = z.output<typeof secretReference>;
