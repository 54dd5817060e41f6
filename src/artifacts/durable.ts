import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../contract/failure.ts';
import { effect, type Midway } from '../failpoints.ts';

/**
 * Does one thing on the disk. What the disk refuses is never the fault of a change: it is said with the path, and
 * retried.
 * @throws STORE_UNAVAILABLE
 */
export async function onDisk<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw asUnavailable(error, path);
  }
}

/** A system error as STORE_UNAVAILABLE naming `path`; anything else as it is. */
export function asUnavailable(error: unknown, path: string): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const message = `cannot use ${path}: the system says ${errno}; ${REMEDIES[errno] ?? 'check that disk and try again'}`;
  return new SlipwayError('STORE_UNAVAILABLE', message, { cause: error });
}

/** `ENOENT` and its like, where `error` comes from the operating system. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('errno' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Writes a temporary file into `folder`, in bounded memory, and syncs it; answers its path. Nothing is left behind
 * when it fails; an error of `chunks` itself is passed on as it is.
 * @throws STORE_UNAVAILABLE
 */
export async function writeTemporary(
  folder: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<string> {
  const path = join(folder, randomUUID());
  return effect('store.write-temporary', path, async (midway) => {
    // Read-only from the start: nothing in a store is ever written twice.
    const file = await onDisk(path, () => open(path, 'wx', 0o444));
    try {
      for await (const part of inParts(chunks)) {
        await onDisk(path, () => file.appendFile(part));
        midway();
      }
      await onDisk(path, () => file.sync());
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    return path;
  });
}

/** The first chunk in two, so that even a short file has a middle. */
async function* inParts(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let begun = false;
  for await (const chunk of chunks) {
    const half = begun ? 0 : chunk.byteLength >> 1;
    if (half > 0) yield chunk.subarray(0, half);
    yield chunk.subarray(half);
    begun = true;
  }
}

/**
 * Puts a temporary file in its place, over whatever is there; a reader sees the old bytes or the new, whole. Before
 * that is the middle of the effect.
 */
export async function moveInto(temporary: string, path: string, midway: Midway): Promise<void> {
  midway();
  await onDisk(path, () => rename(temporary, path));
}

/** A rename or a link survives a power cut only once its folder is synced. */
export async function syncFolder(folder: string): Promise<void> {
  await onDisk(folder, async () => {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

/** The bytes of a file, or null where there is none. */
export async function readIfPresent(path: string): Promise<Buffer | null> {
  return ifPresent(path, () => readFile(path));
}

/** What `step` answers, or null where `path` does not exist. */
export async function ifPresent<T>(path: string, step: () => Promise<T>): Promise<T | null> {
  try {
    return await step();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw asUnavailable(error, path);
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space there and try again',
  EDQUOT: 'free some space there, or raise the quota, and try again',
  EACCES: 'let the user that runs Slipway read and write there',
  EPERM: 'let the user that runs Slipway read and write there, on a file system that has hard links',
  EROFS: 'mount that file system for writing',
  ENOTDIR: 'a file stands where a folder is expected: move it away, or give another path',
  ENOTEMPTY: 'something is there already: remove it, or give another path',
  EEXIST: 'something is there already: remove it, or give another path',
};
