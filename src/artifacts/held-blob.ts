import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { effect, type Midway } from '../failpoints.ts';
import type { BlobSource } from '../registry/upload.ts';
import { onDisk } from './durable.ts';

/**
 * Lays a stream down on this machine's disk while `use` brings it up, which asks for its digest first and may have to
 * begin again. The file has no name, so that nobody else reads it, and nothing is left of it when we are killed.
 * @throws STORE_UNAVAILABLE when the disk refuses; an error of the stream itself is passed on as it is
 */
export async function withHeldBlob<T>(
  folder: string,
  stream: AsyncIterable<Uint8Array>,
  use: (blob: BlobSource) => Promise<T>,
): Promise<T> {
  const { file, ...blob } = await effect('registry.hold-blob', folder, async (midway) => {
    const opened = await openNameless(folder, midway);
    try {
      return { file: opened, ...(await fill(opened, stream, folder, midway)) };
    } catch (error) {
      await opened.close();
      throw error;
    }
  });
  try {
    return await use({ ...blob, from: (offset) => bytesOf(file, offset) });
  } finally {
    await file.close();
  }
}

/** Not a read stream: one that is given up closes the file under the next. */
async function* bytesOf(file: FileHandle, offset: number): AsyncGenerator<Uint8Array> {
  for (let position = offset; ;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PART), 0, PART, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

const PART = 256 * 1024;

async function openNameless(folder: string, midway: Midway): Promise<FileHandle> {
  const path = join(folder, randomUUID());
  return onDisk(folder, async () => {
    await mkdir(folder, { recursive: true });
    const file = await open(path, 'wx+', 0o600);
    try {
      midway();
      await rm(path);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  });
}

async function fill(
  file: FileHandle,
  stream: AsyncIterable<Uint8Array>,
  folder: string,
  midway: Midway,
): Promise<Pick<BlobSource, 'digest' | 'size'>> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    size += chunk.byteLength;
    await onDisk(folder, () => file.appendFile(chunk));
    midway();
  }
  return { digest: `sha256:${hash.digest('hex')}`, size };
}
