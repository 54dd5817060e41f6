import { Readable } from 'node:stream';
import type { Digest } from '../contract/digest.ts';
import { corrupt } from './oci.ts';
import { giveBack } from './pieces.ts';
import type { ComponentStore, Descriptor } from './store.ts';

/**
 * The bytes that a descriptor describes, as a stream that fails with ARTIFACT_CORRUPT as soon as there are more of them,
 * and at their end when there are fewer or they are not those that its digest names.
 */
export async function openDescribed(store: ComponentStore, descriptor: Descriptor): Promise<Readable> {
  const source = await store.openBlob(descriptor.digest);
  return Readable.from(sized(source, descriptor), { objectMode: false }).once('close', () => source.destroy());
}

/** Reads all of it and keeps nothing. @throws ARTIFACT_CORRUPT as {@link openDescribed} */
export async function checkContent(store: ComponentStore, descriptor: Descriptor): Promise<void> {
  const pieces = sized(await store.openBlob(descriptor.digest), descriptor);
  for await (const piece of pieces) giveBack(piece);
}

async function* sized(source: AsyncIterable<Uint8Array>, { digest, size }: Descriptor): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const chunk of source) {
    seen += chunk.byteLength;
    if (seen > size) throw wrongSize(digest, `more than the ${size} bytes`);
    yield chunk;
  }
  if (seen !== size) throw wrongSize(digest, `${seen} bytes, not the ${size}`);
}

function wrongSize(digest: Digest, found: string): Error {
  return corrupt(digest, `it has ${found} that its descriptor says`);
}
