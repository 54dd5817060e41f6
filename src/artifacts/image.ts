import { DEFAULT_SETTINGS, type ImageSettings } from '../config/image.ts';
import type { SealedManifest } from '../config/manifest.ts';
import { isDigest, type Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import { readBase, type ChosenBase } from './base.ts';
import { canonicalJson } from './canonical.ts';
import { checkContent } from './content.ts';
import {
  baseAnnotations,
  configOf,
  MANIFEST_LABEL,
  workingFolderOn,
  type ConfigParts,
  type OciConfig,
} from './image-config.ts';
import { packLayer } from './layer.ts';
import { corrupt, MEDIA_TYPE, putJson, readDescribed, readOciManifest, shown, type OciManifest } from './oci.ts';
import type { ComponentStore, Descriptor } from './store.ts';

export { removeUnpacked, unpackImage, UNPACK_LIMITS, type UnpackLimits } from './unpack.ts';
export { claimVersion, versionOf } from './version.ts';

export interface ImageParts {
  readonly store: ComponentStore;
  /** The built files. */
  readonly folder: string;
  readonly manifest: SealedManifest;
  /** Those of a component that says nothing, unless given. */
  readonly settings?: ImageSettings;
  /** What the component's layer is appended to; it lies in the store. */
  readonly base?: ChosenBase | null;
  readonly source: ConfigParts['source'];
}

export interface AssembledImage {
  /** Of the image manifest: the artifact's name. */
  readonly digest: Digest;
  /** The component's own. */
  readonly layer: Digest;
  /** Bytes of that layer. */
  readonly size: number;
  /** Of the image manifest, to claim a version with. */
  readonly descriptor: Descriptor;
}

/**
 * Makes an OCI image of built files and stores it, without a name yet. The same files, manifest, settings, base and
 * source are the same image, byte for byte (§6). The component's layer is the last one.
 * @throws BUILD_OUTPUT_UNSAFE, BASE_INVALID, ARTIFACT_CORRUPT, STORE_UNAVAILABLE
 */
export async function assembleImage(parts: ImageParts): Promise<AssembledImage> {
  const { store, folder, manifest, source, settings = DEFAULT_SETTINGS } = parts;
  const base = parts.base ? await readBase(store, parts.base) : null;
  const under = workingFolderOn(base).slice(1);
  const layer = await store.putStream(packLayer(folder, { mtime: source.committedAt, under }));
  if (base?.layers.some(({ digest }) => digest === layer.digest)) {
    const found = `${base.name}@${base.digest} already has this component's layer ${layer.digest}`;
    throw new SlipwayError('BASE_INVALID', `${found}: choose a base that is not the component itself`);
  }
  const config = configOf({ manifest, settings, source, layer: layer.digest, base });
  const image: OciManifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: await putJson(store, MEDIA_TYPE.config, config),
    layers: [...(base?.layers ?? []), { mediaType: MEDIA_TYPE.layer, ...layer }],
    ...(base && { annotations: baseAnnotations(base) }),
  };
  const descriptor = await putJson(store, MEDIA_TYPE.manifest, image);
  return { digest: descriptor.digest, layer: layer.digest, size: layer.size, descriptor };
}

/**
 * What was sealed with an image: how it is run and how it is checked.
 * @throws ARTIFACT_CORRUPT when it is missing, changed, or an image that Slipway did not build for this component
 */
export async function readManifest(store: ComponentStore, digest: Digest): Promise<SealedManifest> {
  const { config } = await readOciManifest(store, digest);
  const labels = ((await readDescribed(store, config)) as Partial<OciConfig> | null)?.config?.Labels;
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
 * Hashes again everything that an image is made of, its base's layers too, in bounded memory: nothing is unpacked.
 * @throws ARTIFACT_CORRUPT naming the first blob that is not what its descriptor says
 */
export async function verifyImage(store: ComponentStore, digest: Digest): Promise<void> {
  const { config, layers } = await readOciManifest(store, digest);
  if (config.mediaType !== MEDIA_TYPE.config) {
    throw corrupt(digest, `its config is ${shown(config.mediaType)}, not ${MEDIA_TYPE.config}`);
  }
  const configured = (await readDescribed(store, config)) as Partial<OciConfig> | null;
  const diffIds: readonly unknown[] = configured?.rootfs?.diff_ids ?? [];
  if (diffIds.length !== layers.length || !diffIds.every(isDigest)) {
    throw corrupt(
      digest,
      `its config has ${diffIds.length} diff_ids that should be digests of ${layers.length} layers`,
    );
  }
  for (const [at, layer] of layers.entries()) {
    const isOwn = at === layers.length - 1;
    const isPlain = layer.mediaType === MEDIA_TYPE.layer;
    if (!isPlain && (isOwn || layer.mediaType !== MEDIA_TYPE.gzipLayer)) {
      throw corrupt(digest, `its layers[${at}] is ${shown(layer.mediaType)}`);
    }
    // A plain tar is its own diff id (OCI image-spec, config.md).
    if (isPlain && diffIds[at] !== layer.digest) throw corrupt(digest, 'its config is that of another layer');
  }
  for (const layer of layers) await checkContent(store, layer);
}
