import { sealBlob } from '../artifacts/sealed.ts';
import type { ComponentStore, Descriptor } from '../artifacts/store.ts';
import type { Digest } from '../contract/digest.ts';
import { digestOf } from '../digest-of.ts';
import { nameOf } from './names.ts';

/** As a registry and its tools know a CycloneDX document in JSON. */
const CYCLONEDX = 'application/vnd.cyclonedx+json';

/**
 * Attaches an image's SBOM to it, where every OCI tool finds it. The first one stands there.
 * @returns the digest of these bytes, which the provenance names: they are stored, whatever somebody attached before.
 */
export async function attachSbom(store: ComponentStore, image: Descriptor, bytes: Uint8Array): Promise<Digest> {
  const name = nameOf.sbom(image.digest);
  const sealing = { store, name, artifactType: CYCLONEDX, mediaType: CYCLONEDX, subject: image };
  await sealBlob({ ...sealing, bytes });
  return digestOf(bytes);
}
