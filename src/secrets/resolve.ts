import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { SecretReference } from '../config/secret.ts';
import { SlipwayError } from '../contract/failure.ts';

/** Where references lead. */
export interface SecretPlaces {
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Absolute; what relative paths start from. */
  readonly folder: string;
}

/**
 * What a reference stands for, without blanks around it.
 * @param subject whose secret it is, for messages, which name the reference and never what it holds
 * @throws SECRET_UNAVAILABLE when there is nothing
 */
export async function resolveSecret(
  ref: SecretReference,
  subject: string,
  { env, folder }: SecretPlaces,
): Promise<string> {
  if ('env' in ref) {
    const value = env[ref.env]?.trim() ?? '';
    if (value !== '') return value;
    throw unavailable(subject, `the variable ${ref.env} is not set`, 'set it for the worker, and start it again');
  }
  const content = await readFile(resolve(folder, ref.file), 'utf8').catch((error: unknown) => {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw unavailable(subject, `${ref.file} cannot be read (${code})`, 'put it there, readable for the worker');
  });
  if (content.trim() !== '') return content.trim();
  throw unavailable(subject, `${ref.file} is empty`, 'put it there');
}

function unavailable(subject: string, found: string, todo: string): SlipwayError {
  return new SlipwayError('SECRET_UNAVAILABLE', `${subject}: ${found}; ${todo}`);
}
