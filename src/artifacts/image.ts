import type { SealedManifest } from '../config/manifest.ts';
import type { Digest } from '../contract/digest.ts';
import { canonicalJson } from './canonical.ts';
import { packLayer } from './layer.ts';
import { corrupt, MEDIA_TYPE, putJson, readJson, readOciManifest, type OciConfig, type OciManifest } from './oci.ts';
import type { ComponentStore, Descriptor } from './store.ts';

export { removeUnpacked, unpackImage, UNPACK_LIMITS, type UnpackLimits } from './unpack.ts';
export { claimVersion, versionOf } from './version.ts';

/** Label that holds what the later stages need, so that nobody reads the source again. */
const MANIFEST_LABEL = 'dev.slipway.manifest';

export interface ImageParts {
  readonly store: ComponentStore;
  /** The built files. */
  readonly folder: string;
  readonly manifest: SealedManifest;
  readonly source: {
    readonly repository: string;
    /** 40 hex digits. */
    readonly revision: string;
    /** Seconds since 1970; the time of everything in the image. */
    readonly committedAt: number;
  };
}

export interface AssembledImage {
  /** Of the image manifest: the artifact's name. */
  readonly digest: Digest;
  readonly layer: Digest;
  /** Bytes of the layer. */
  readonly size: number;
  /** Of the image manifest, to claim a version with. */
  readonly descriptor: Descriptor;
}

/**
 * Makes an OCI image of built files and stores it, without a name yet. The same files, manifest and source are the same
 * image, byte for byte (§6).
 * @throws BUILD_OUTPUT_UNSAFE, STORE_UNAVAILABLE
 */
export async function assembleImage({ store, folder, manifest, source }: ImageParts): Promise<AssembledImage> {
  const layer = await store.putStream(packLayer(folder, { mtime: source.committedAt }));
  const image: OciManifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: await putJson(store, MEDIA_TYPE.config, configOf(manifest, source, layer.digest)),
    layers: [{ mediaType: MEDIA_TYPE.layer, ...layer }],
  };
  const descriptor = await putJson(store, MEDIA_TYPE.manifest, image);
  return { digest: descriptor.digest, layer: layer.digest, size: layer.size, descriptor };
}

function configOf(manifest: SealedManifest, source: ImageParts['source'], layer: Digest): OciConfig {
  const created = new Date(source.committedAt * 1000).toISOString();
  return {
    created,
    architecture: 'amd64',
    os: 'linux',
    config: {
      Env: plainEnvironment(manifest),
      Entrypoint: manifest.run.command,
      WorkingDir: '/',
      Labels: {
        [MANIFEST_LABEL]: canonicalJson(manifest),
        'org.opencontainers.image.created': created,
        'org.opencontainers.image.revision': source.revision,
        'org.opencontainers.image.source': source.repository,
      },
    },
    rootfs: { type: 'layers', diff_ids: [layer] },
  };
}

/** `NAME=value`, sorted. Addresses are the runtime's to give: they differ by environment and are no part of an image. */
function plainEnvironment({ run }: SealedManifest): string[] {
  return Object.entries(run.env)
    .flatMap(([name, value]) => (typeof value === 'string' ? [`${name}=${value}`] : []))
    .sort();
}

/**
 * What was sealed with an image: how it is run and how it is checked.
 * @throws ARTIFACT_CORRUPT when it is missing, changed, or an image that Slipway did not build for this component
 */
export async function readManifest(store: ComponentStore, digest: Digest): Promise<SealedManifest> {
  const { config } = await readOciManifest(store, digest);
  const labels = ((await readJson(store, config.digest)) as Partial<OciConfig> | null)?.config?.Labels;
  const label = labels?.[MANIFEST_LABEL];
  const sealed = label === undefined ? null : parseLabel(label);
  if (sealed === null) throw corrupt(digest, `its label ${MANIFEST_LABEL} holds no manifest that Slipway sealed`);
  if (sealed.component !== store.component) {
    throw corrupt(digest, `it is an image of ${sealed.component}, not of ${store.component}`);
  }
  return sealed;
}

function parseLabel(label: string): SealedManifest | null {
  try {
    const found = JSON.parse(label) as SealedManifest | null;
    return found !== null && canonicalJson(found) === label ? found : null;
  } catch {
    return null;
  }
}

/**
 * Hashes again everything that an image is made of.
 * @throws ARTIFACT_CORRUPT naming the first blob that is not what its digest says
 */
export async function verifyImage(store: ComponentStore, digest: Digest): Promise<void> {
  const { config, layers } = await readOciManifest(store, digest);
  const [layer] = layers;
  const configured = (await readJson(store, config.digest)) as Partial<OciConfig> | null;
  const bytes = await store.openBlob(layer.digest);
  let size = 0;
  for await (const chunk of bytes) size += (chunk as Buffer).byteLength;
  if (size !== layer.size) throw corrupt(digest, `its layer has ${size} bytes, not ${layer.size}`);
  // A plain tar is its own diff id (OCI image-spec, config.md).
  if (configured?.rootfs?.diff_ids?.[0] !== layer.digest) throw corrupt(digest, 'its config is that of another layer');
}
