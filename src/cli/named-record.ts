import { readFile } from 'node:fs/promises';
import type { ArtifactStore } from '../artifacts/store.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import { parseDeploymentId } from '../contract/target.ts';
import { recordOfRequest } from './recorded.ts';
import { unknownId } from './subject.ts';

/** A deployment that has ended, as a person named it. */
export interface NamedRecord {
  readonly deploymentId: string;
  /** The record that the person has, when it was a file that he named. */
  readonly fromFile: DeploymentRecord | null;
}

/**
 * Finds out which deployment is meant: by its id, by a file that holds its record, or by its request's id.
 * @throws FILE_INVALID, UNKNOWN_DEPLOYMENT
 */
export async function namedRecord(artifacts: ArtifactStore, text: string): Promise<NamedRecord> {
  if (parseDeploymentId(text) !== null) return { deploymentId: text, fromFile: null };
  const bytes = await readIfFile(text);
  if (bytes !== null) {
    const fromFile = parseRecord(bytes, text);
    return { deploymentId: fromFile.deploymentId, fromFile };
  }
  const record = await recordOfRequest(artifacts, text);
  if (record === null) throw unknownId(text);
  if (record.deploymentId !== null) return { deploymentId: record.deploymentId, fromFile: null };
  throw new SlipwayError(
    'UNKNOWN_DEPLOYMENT',
    `${text} ended in the queue: no deployment began that could be looked at`,
  );
}

/** Null when there is no such file. @throws FILE_INVALID */
export async function readIfFile(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return null;
    throw new SlipwayError('FILE_INVALID', `${file}: found ${message}, expected a file that can be read`, {
      cause: error,
    });
  }
}

function parseRecord(bytes: Buffer, file: string): DeploymentRecord & { readonly deploymentId: string } {
  let found: unknown;
  try {
    found = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw notARecord(file, 'no JSON', cause);
  }
  const { deploymentId, stages } = (found ?? {}) as Partial<DeploymentRecord>;
  if (typeof deploymentId !== 'string' || parseDeploymentId(deploymentId) === null || !Array.isArray(stages)) {
    throw notARecord(file, 'something else');
  }
  return found as DeploymentRecord & { readonly deploymentId: string };
}

function notARecord(file: string, found: string, cause?: unknown): SlipwayError {
  const expected = "a deployment's record as `slipway deploy --wait --json` prints it";
  return new SlipwayError('FILE_INVALID', `${file}: found ${found}, expected ${expected}`, { cause });
}
