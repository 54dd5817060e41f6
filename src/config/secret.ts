import { z } from 'zod';
import { path } from './words.ts';

/** A secret by reference: never the secret itself, for the file that it would stand in is kept and shown. */
export const secretReference = z.union([
  /** A variable of the worker's own environment. */
  z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable') }),
  /** A file on the worker's machine; relative to the platform file. */
  z.strictObject({ file: path }),
]);

export type SecretReference = z.output<typeof secretReference>;
