import { createHash } from 'node:crypto';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { hexOf, isDigest, type Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import { digestOf } from '../digest-of.ts';
import { effect } from '../failpoints.ts';
import { asUnavailable, ifPresent, moveInto, onDisk, readIfPresent, syncFolder, writeTemporary } from './durable.ts';
import { piecesOf } from './pieces.ts';
import type { ComponentStore } from './store.ts';

/** The part of a store that holds bytes by their digest. */
export type Blobs = Pick<ComponentStore, 'putBlob' | 'putStream' | 'getBlob' | 'openBlob' | 'hasBlob'>;

/** Bytes of what is read in one piece: manifests, configs, documents. Layers are streams. */
const LARGEST_WHOLE = 256 * 2 ** 20;

/**
 * Blobs in a folder, each in a file named by its hex digest (OCI image-spec, image-layout.md). They appear whole under
 * their name or not at all: written to `temporary` (same file system), synced, renamed, the folder synced.
 */
export function createBlobs({ folder, temporary }: { folder: string; temporary: string }): Blobs {
  const pathOf = (digest: Digest): string => {
    if (!isDigest(digest)) throw new SlipwayError('ARTIFACT_CORRUPT', notADigest(digest));
    return join(folder, hexOf(digest));
  };

  async function place(chunks: Parameters<typeof writeTemporary>[1], digest: () => Digest): Promise<void> {
    await effect('store.place-blob', folder, async (midway) => {
      const written = await writeTemporary(temporary, chunks);
      await moveInto(written, pathOf(digest()), midway);
    });
  }

  return {
    async putBlob(bytes) {
      const digest = digestOf(bytes);
      const path = pathOf(digest);
      // Bytes that are there and whole are not written again; damaged ones are replaced by the right ones.
      if ((await readIfPresent(path))?.equals(bytes) !== true) await place([bytes], () => digest);
      // Also when they were there already: whoever put them may not have come so far.
      await syncFolder(folder);
      return { digest, size: bytes.byteLength };
    },

    async putStream(stream) {
      const counter = new ByteCounter();
      await place(counter.through(stream), () => counter.seen().digest);
      await syncFolder(folder);
      return counter.seen();
    },

    async getBlob(digest) {
      const path = pathOf(digest);
      const file = await ifPresent(path, () => open(path, 'r'));
      if (file === null) throw missing(digest, path);
      const bytes = await onDisk(path, () => readWhole(file, digest));
      const actual = digestOf(bytes);
      if (actual !== digest) throw corrupt(digest, path, { digest: actual, size: bytes.byteLength });
      return bytes;
    },

    async openBlob(digest) {
      const path = pathOf(digest);
      const file = await ifPresent(path, () => open(path, 'r'));
      if (file === null) throw missing(digest, path);
      const stream = Readable.from(checked(file, digest, path), { objectMode: false });
      // Also when nobody has read any of it.
      return stream.once('close', () => void file.close());
    },

    async hasBlob(digest) {
      const path = pathOf(digest);
      return (await ifPresent(path, () => stat(path)))?.isFile() ?? false;
    },
  };
}

async function readWhole(file: FileHandle, digest: Digest): Promise<Buffer> {
  try {
    const { size } = await file.stat();
    if (size > LARGEST_WHOLE) throw tooLarge(digest, size);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** The bytes of a file, which fail at their end unless they are those that `digest` names. */
async function* checked(file: FileHandle, digest: Digest, path: string): AsyncGenerator<Uint8Array> {
  const counter = new ByteCounter();
  try {
    for await (const piece of piecesOf(file, (await file.stat()).size)) {
      counter.add(piece);
      yield piece;
    }
  } catch (error) {
    throw asUnavailable(error, path);
  } finally {
    await file.close();
  }
  const actual = counter.seen();
  if (actual.digest !== digest) throw corrupt(digest, path, actual);
}

/** Digest and size of bytes that pass by. */
class ByteCounter {
  readonly #hash = createHash('sha256');
  #digest: Digest | null = null;
  #size = 0;

  add(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#size += chunk.byteLength;
  }

  async *through(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream) {
      this.add(chunk);
      yield chunk;
    }
  }

  /** What has passed; to be asked at the end. */
  seen(): { digest: Digest; size: number } {
    this.#digest ??= `sha256:${this.#hash.digest('hex')}`;
    return { digest: this.#digest, size: this.#size };
  }
}

const REMEDY = 'restore that file from a copy of the store, or build the revision again';

function missing(digest: Digest, path: string): SlipwayError {
  return new SlipwayError('ARTIFACT_CORRUPT', `blob ${digest} is missing: expected at ${path}; ${REMEDY}`);
}

function tooLarge(digest: Digest, size: number): SlipwayError {
  const found = `blob ${digest} is named as a document and has ${size} bytes, more than ${LARGEST_WHOLE}`;
  return new SlipwayError('ARTIFACT_CORRUPT', `${found}: whatever refers to it was changed: ${REMEDY}`);
}

function corrupt(digest: Digest, path: string, actual: { digest: Digest; size: number }): SlipwayError {
  const found = `${path} holds ${actual.size} bytes that hash to ${actual.digest}`;
  return new SlipwayError('ARTIFACT_CORRUPT', `blob ${digest} is not what its name says: ${found}; ${REMEDY}`);
}

function notADigest(found: string): string {
  return `"${found}" names no blob: expected sha256: and 64 lower-case hex digits; whatever refers to it was changed: ${REMEDY}`;
}
