import { isDigest, type Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import { parseBaseManifest } from './base-manifest.ts';
import { checkContent } from './content.ts';
import { MEDIA_TYPE, shown } from './oci.ts';
import type { ComponentStore, Descriptor } from './store.ts';

/** An image that another one is built on, as far as the other one takes it over. */
export interface BaseImage {
  /** How people call it. */
  readonly name: string;
  /** Of its manifest. */
  readonly digest: Digest;
  /** In the store, each of them read and found whole. */
  readonly layers: readonly Descriptor[];
  readonly diffIds: readonly Digest[];
  readonly architecture: string;
  readonly variant?: string;
  /** `NAME=value`. */
  readonly environment: readonly string[];
  /** Null where it has none, or one that does not fit its layers: a history that is wrong helps nobody. */
  readonly history: readonly unknown[] | null;
}

/** A base that somebody chose, and put into the store. */
export interface ChosenBase {
  /** The reference without its digest. */
  readonly name: string;
  readonly descriptor: Descriptor;
}

/**
 * Reads a base that lies in the store, and hashes its layers. They are never unpacked here.
 * @throws BASE_INVALID for what nothing can be built on: an index, another system, layers of an unknown kind, a config
 *   that is not that of its layers
 * @throws ARTIFACT_CORRUPT for bytes that are missing, or not those that their descriptors describe
 */
export async function readBase(store: ComponentStore, { name, descriptor }: ChosenBase): Promise<BaseImage> {
  const { digest } = descriptor;
  const refuse = (found: string, remedy = 'choose another base'): never => {
    throw new SlipwayError('BASE_INVALID', `nothing can be built on ${name}@${digest}: ${found}; ${remedy}`);
  };

  const manifest = parseBaseManifest(await store.getBlob(digest));
  if ('found' in manifest) return refuse(manifest.found, manifest.todo);
  const { config, layers } = manifest;
  await checkContent(store, config);
  const configured = readConfig(await readObject(store, config.digest, refuse), layers, refuse);
  for (const layer of layers) await checkContent(store, layer);
  return { name, digest, layers, ...configured };
}

type Refuse = (found: string) => never;
type Unknown = Readonly<Record<string, unknown>>;

/** Bytes that whoever made them did not write as JSON are his fault; that they are those is the store's to check. */
async function readObject(store: ComponentStore, digest: Digest, refuse: Refuse): Promise<Unknown> {
  const bytes = await store.getBlob(digest);
  try {
    return Object(JSON.parse(bytes.toString('utf8'))) as Unknown;
  } catch {
    return refuse(`${digest} is not JSON`);
  }
}

function readConfig(
  { os, architecture, variant, config, rootfs, history }: Unknown,
  layers: readonly Descriptor[],
  refuse: Refuse,
): Omit<BaseImage, 'name' | 'digest' | 'layers'> {
  if (os !== 'linux') refuse(`it is for the system ${shown(os)}, not linux`);
  if (typeof architecture !== 'string') refuse(`its config says for the architecture ${shown(architecture)}`);
  const { diff_ids: diffIds } = Object(rootfs) as Unknown;
  if (!Array.isArray(diffIds) || !diffIds.every(isDigest)) return refuse('its config has no diff_ids that are digests');
  if (diffIds.length !== layers.length) {
    refuse(`its config has ${diffIds.length} diff_ids for ${layers.length} layers`);
  }
  for (const [at, { mediaType, digest }] of layers.entries()) {
    if (mediaType === MEDIA_TYPE.layer && diffIds[at] !== digest)
      refuse(`its diff_ids[${at}] is not that of its layer`);
  }
  const { Env: environment = [] } = Object(config) as Unknown;
  const entries = environment ?? [];
  if (!Array.isArray(entries) || !entries.every((entry) => typeof entry === 'string')) {
    return refuse('its Env is no list of texts');
  }
  return {
    diffIds,
    architecture: String(architecture),
    ...(typeof variant === 'string' && { variant }),
    environment: entries,
    history: fittingHistory(history, layers.length),
  };
}

/** OCI image-spec, config.md: one entry for each layer, and those of steps that made none. */
function fittingHistory(history: unknown, layers: number): readonly unknown[] | null {
  if (!Array.isArray(history)) return null;
  const made = history.filter((step) => (Object(step) as Unknown)['empty_layer'] !== true);
  return made.length === layers ? history : null;
}
