import type { Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { ComponentStore, Descriptor } from './store.ts';

/** Media types of the OCI image-spec 1.1, and of what Slipway seals. */
export const MEDIA_TYPE = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  /** Plain tar: no compressor whose version could change the bytes. */
  layer: 'application/vnd.oci.image.layer.v1.tar',
  empty: 'application/vnd.oci.empty.v1+json',
  envelope: 'application/vnd.dsse.envelope.v1+json',
} as const;

/** OCI image-spec, manifest.md: an image, or an artifact of `artifactType` about `subject`. */
export interface OciManifest {
  readonly schemaVersion: 2;
  readonly mediaType: typeof MEDIA_TYPE.manifest;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** OCI image-spec, config.md, as much of it as Slipway writes. */
export interface OciConfig {
  readonly created: string;
  readonly architecture: 'amd64';
  readonly os: 'linux';
  readonly config: {
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
    readonly WorkingDir: string;
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly Digest[] };
}

/** Stores a document as JSON, keys in the order given, and describes it. */
export async function putJson(store: ComponentStore, mediaType: string, document: unknown): Promise<Descriptor> {
  const { digest, size } = await store.putBlob(Buffer.from(JSON.stringify(document)));
  return { mediaType, digest, size };
}

/**
 * The manifest `digest`, which has exactly one layer, as every manifest here.
 * @throws ARTIFACT_CORRUPT when it is missing, changed, or something else
 */
export async function readOciManifest(
  store: ComponentStore,
  digest: Digest,
): Promise<OciManifest & { readonly layers: readonly [Descriptor] }> {
  const manifest = (await readJson(store, digest)) as Partial<OciManifest> | null;
  if (manifest?.mediaType !== MEDIA_TYPE.manifest || manifest.config === undefined || manifest.layers?.length !== 1) {
    throw corrupt(digest, `it is no ${MEDIA_TYPE.manifest} with a config and one layer`);
  }
  return manifest as OciManifest & { readonly layers: readonly [Descriptor] };
}

/** A blob as JSON. @throws ARTIFACT_CORRUPT when it is missing, changed, or not JSON */
export async function readJson(store: ComponentStore, digest: Digest): Promise<unknown> {
  const bytes = await store.getBlob(digest);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw corrupt(digest, 'it is not JSON');
  }
}

/** A whole blob that is not what Slipway would have written. */
export function corrupt(digest: Digest, found: string): SlipwayError {
  const remedy = 'it did not come from Slipway: build the revision again';
  return new SlipwayError('ARTIFACT_CORRUPT', `${digest} cannot be used: ${found}; ${remedy}`);
}
