import { sealBlob } from '../artifacts/sealed.ts';
import type { ComponentStore, Descriptor } from '../artifacts/store.ts';
import type { Digest } from '../contract/digest.ts';
import { nameOf } from './names.ts';

/** As a registry and its tools know a CycloneDX document in JSON. */
const CYCLONEDX = 'application/vnd.cyclonedx+json';

/**
 * Attaches an image's SBOM to it, where every OCI tool finds it. The first one stands.
 * @returns the digest of the bytes that stand.
 */
export async function attachSbom(store: ComponentStore, image: Descriptor, bytes: Uint8Array): Promise<Digest> {
  const name = nameOf.sbom(image.digest);
  const sealing = { store, name, artifactType: CYCLONEDX, mediaType: CYCLONEDX, subject: image };
  return (await sealBlob({ ...sealing, bytes })).digest;
}
