import { Transform, type Readable } from 'node:stream';
import type { Digest } from '../contract/digest.ts';
import { corrupt } from './oci.ts';
import type { ComponentStore, Descriptor } from './store.ts';

/**
 * The bytes that a descriptor describes, as a stream that fails with ARTIFACT_CORRUPT as soon as there are more of them,
 * and at their end when there are fewer or they are not those that its digest names.
 */
export async function openDescribed(store: ComponentStore, { digest, size }: Descriptor): Promise<Readable> {
  const source = await store.openBlob(digest);
  let seen = 0;
  const sized = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.byteLength;
      done(seen > size ? wrongSize(digest, `more than the ${size} bytes`) : null, chunk);
    },
    flush(done) {
      done(seen === size ? null : wrongSize(digest, `${seen} bytes, not the ${size}`));
    },
  });
  source.on('error', (error) => sized.destroy(error));
  sized.on('close', () => source.destroy());
  return source.pipe(sized);
}

/** Reads all of it and keeps nothing. @throws ARTIFACT_CORRUPT as {@link openDescribed} */
export async function checkContent(store: ComponentStore, descriptor: Descriptor): Promise<void> {
  const content = await openDescribed(store, descriptor);
  content.resume();
  await new Promise<void>((resolve, reject) => {
    content.once('end', resolve).once('error', reject);
  });
}

function wrongSize(digest: Digest, found: string): Error {
  return corrupt(digest, `it has ${found} that its descriptor says`);
}
