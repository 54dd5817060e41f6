import { z } from 'zod';
import { glob, line } from './words.ts';

/** Findings of secrets in artifacts that do not count, and why: each stands in the evidence with its reason. */
const exception = z.strictObject({
  /** Of the artifact's files. */
  path: glob,
  /** One rule; all of them unless given. */
  rule: z
    .string()
    .regex(/^[a-z0-9-]{1,80}$/, 'a rule as a finding names it, such as privatekey')
    .optional(),
  reason: line.max(400),
});

/** What Verification goes by (§7). */
export const verificationSchema = z.strictObject({
  /** `[]` unless given. */
  secrets: z.strictObject({ except: z.array(exception).max(200).default([]) }).prefault({}),
});

export type SecretException = z.output<typeof exception>;
