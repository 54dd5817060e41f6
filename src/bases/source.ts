import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createBlobs } from '../artifacts/blobs.ts';
import { readWithin } from '../artifacts/read-within.ts';
import type { Descriptor } from '../artifacts/store.ts';
import type { Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import { originOf, repositoryOf } from '../registry/address.ts';
import { openBlob } from '../registry/download.ts';
import { RegistryFault } from '../registry/fault.ts';
import { getManifest } from '../registry/manifests.ts';
import type { Patience } from '../registry/patience.ts';
import { placeOf } from '../registry/place.ts';
import { createTransport } from '../registry/transport.ts';

/** Where a base image lies; its bytes are checked on the way. Everything throws {@link RegistryFault}s. */
export interface BaseSource {
  manifest(digest: Digest): Promise<Buffer | null>;
  blob(descriptor: Descriptor): Promise<Readable | null>;
  close(): Promise<void>;
}

/** Without credentials: whoever writes `build.base` is not to reach what ours let in to. */
export function openBaseRegistry(host: string, repository: string, patience: Patience): BaseSource {
  const transport = createTransport({ origin: originOf(host), patience });
  const place = placeOf(transport, repositoryOf(host, repository), patience);
  return {
    manifest: async (digest) => (await getManifest(place, digest))?.bytes ?? null,
    blob: ({ digest, size }) => openBlob(place, digest, { size }),
    close: () => transport.close(),
  };
}

/** An OCI image layout, as skopeo and oras write one. */
export function openBaseLayout(path: string): BaseSource {
  const folder = join(path, 'blobs', 'sha256');
  const blobs = createBlobs({ folder, temporary: folder });
  const ifThere = async <T>(digest: Digest, read: () => Promise<T>): Promise<T | null> =>
    inLayout(async () => ((await blobs.hasBlob(digest)) ? await read() : null));
  return {
    manifest: (digest) => ifThere(digest, () => blobs.getBlob(digest)),
    blob: ({ digest }) => ifThere(digest, async () => readWithin(await blobs.openBlob(digest), inLayout)),
    close: async () => undefined,
  };
}

/** A layout's errors as a registry's: what is missing or spoiled there is no fault of our own store. */
async function inLayout<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    const kind = error.code === 'ARTIFACT_CORRUPT' ? 'corrupt' : 'away';
    throw new RegistryFault(kind, error.message, { cause: error });
  }
}
