import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../contract/failure.ts';
import { effect, type Midway } from '../failpoints.ts';
import { giveBack, PIECE } from './pieces.ts';

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

/** So many bytes are written until the disk is asked to have them: not all are left for the last moment. */
const SYNCED_EVERY = 16 * 2 ** 20;

/**
 * Writes a temporary file into `folder`, in bounded memory, and syncs it; answers its path. While some bytes are being
 * written the next are asked for. Nothing is left behind when it fails; an error of `chunks` itself is passed on as it is.
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
    const written = new Written(file, path, midway);
    try {
      for await (const batch of inBatches(chunks)) await written.add(batch);
      await written.end();
    } catch (error) {
      await written.settled();
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    return path;
  });
}

type Batch = readonly Uint8Array[];

/** One write at a time, in order, and none waited for before the next one comes; syncs beside them. */
class Written {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #midway: Midway;
  #writing: Promise<void> = Promise.resolve();
  #syncing: Promise<void> = Promise.resolve();
  #isSyncing = false;
  #unsynced = 0;

  constructor(file: FileHandle, path: string, midway: Midway) {
    this.#file = file;
    this.#path = path;
    this.#midway = midway;
  }

  async add(batch: Batch): Promise<void> {
    await this.#writing;
    if (this.#unsynced >= SYNCED_EVERY && !this.#isSyncing) {
      await this.#syncing;
      this.#isSyncing = true;
      this.#syncing = this.#begin(() => this.#file.datasync().finally(() => (this.#isSyncing = false)));
      this.#unsynced = 0;
    }
    this.#unsynced += lengthOf(batch);
    this.#writing = this.#begin(() => writeAll(this.#file, batch, this.#midway));
  }

  async end(): Promise<void> {
    await this.#writing;
    await this.#syncing;
    await this.#begin(() => this.#file.sync());
  }

  /** Once nothing is under way any more, whatever became of it. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#writing, this.#syncing]);
  }

  /** Whoever waits for it is told of its error; until then nobody is. */
  #begin(step: () => Promise<void>): Promise<void> {
    const begun = onDisk(this.#path, step);
    begun.catch(() => {});
    return begun;
  }
}

/** Writes all of it, at once unless the system takes less; then nobody looks at it any more. */
async function writeAll(file: FileHandle, batch: Batch, midway: Midway): Promise<void> {
  let { bytesWritten: skipped } = await file.writev(batch);
  for (const chunk of batch) {
    const rest = chunk.subarray(skipped);
    skipped = Math.max(0, skipped - chunk.byteLength);
    if (rest.byteLength > 0) await file.appendFile(rest);
    giveBack(chunk);
  }
  midway();
}

/** The system takes so many chunks at once. */
const MOST_CHUNKS = 1024;

/** Small chunks together, the first in two halves, so that even a short file has a middle. */
async function* inBatches(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Batch> {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  let half: number | null = null;
  for await (const chunk of chunks) {
    if (half === null) {
      half = chunk.byteLength >> 1;
      // A copy: the other half is still to be written.
      yield [Buffer.from(chunk.subarray(0, half))];
      batch.push(chunk.subarray(half));
    } else {
      batch.push(chunk);
    }
    bytes += chunk.byteLength;
    if (bytes < PIECE && batch.length < MOST_CHUNKS) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

function lengthOf(batch: Batch): number {
  return batch.reduce((sum, { byteLength }) => sum + byteLength, 0);
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
