import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import { type Platform, platformSchema } from './platform.ts';
import { readYaml } from './read.ts';

/** A platform file as it was read from disk. */
export interface LoadedPlatform {
  /** Exactly what the file says, its defaults filled in: paths and addresses are still as a person wrote them. */
  readonly platform: Platform;
  /** Absolute path of the file. */
  readonly file: string;
  /** Absolute path of its folder, which its relative paths start from. */
  readonly folder: string;
  readonly bytes: Buffer;
  /** SHA-256 of `bytes`: a deployment names the platform that it was judged by. */
  readonly digest: Digest;
}

/**
 * @param file path of `platform.yaml`, relative to the working folder
 * @throws FILE_INVALID when it is missing, cannot be read, or is wrong
 */
export async function loadPlatform(file: string): Promise<LoadedPlatform> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  const absolute = path.resolve(file);
  return {
    platform: parsePlatform(bytes, file),
    file: absolute,
    folder: path.dirname(absolute),
    bytes,
    digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
  };
}

/** A platform out of stored bytes. @throws FILE_INVALID */
export function parsePlatform(bytes: Uint8Array, file = 'platform.yaml'): Platform {
  return readYaml(platformSchema, bytes, file, 'FILE_INVALID');
}

/** Where Slipway keeps its things on this machine, as absolute paths. */
export interface PlatformPaths {
  /** `.slipway` beside the platform file. */
  readonly state: string;
  /** The folder of the artifact store; nothing is there where the store is a registry. */
  readonly store: string;
  /** Components' own state (`/instances`, §3). */
  readonly instances: string;
  /** Mirrors of the sources; each role keeps its own beneath it. */
  readonly sources: string;
}

export function pathsOf({ folder, platform }: Pick<LoadedPlatform, 'folder' | 'platform'>): PlatformPaths {
  const state = path.join(folder, '.slipway');
  return {
    state,
    store: 'path' in platform.store ? path.resolve(folder, platform.store.path) : path.join(state, 'store'),
    instances: path.resolve(folder, platform.runtimes.local.instances),
    sources: path.join(state, 'sources'),
  };
}

function unreadable(file: string, cause: unknown): SlipwayError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const found = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'a folder' : message;
  const todo = 'write one, or name the right one with --config FILE';
  return new SlipwayError('FILE_INVALID', `${file}: found ${found}, expected a platform file; ${todo}`, { cause });
}
