import type { Descriptor } from '../artifacts/store.ts';
import { isDigest } from '../contract/digest.ts';

/** The manifest of a base image, its parts of kinds that we can read. */
export interface BaseManifest {
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

const MANIFESTS = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
const INDEXES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const CONFIGS = ['application/vnd.oci.image.config.v1+json', 'application/vnd.docker.container.image.v1+json'];
/** Layers that an image built on this one can have as they are; zstd cannot be read by Node 20. */
const LAYERS = [
  'application/vnd.oci.image.layer.v1.tar',
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/vnd.docker.image.rootfs.diff.tar',
  'application/vnd.docker.image.rootfs.diff.tar.gzip',
];

/** As many as an image that has one more may have. */
const MOST_LAYERS = 126;

/** Reads a base's manifest; answers what is wrong with it, in words, and what to write instead. */
export function parseBaseManifest(bytes: Uint8Array): BaseManifest | string {
  const found = jsonIn(bytes);
  if (found === null) return 'what its digest names is no manifest';
  const { mediaType = MANIFESTS[0], config, layers } = found;
  if (INDEXES.includes(String(mediaType)) || Array.isArray(found['manifests'])) return whichOfIndex(found['manifests']);
  if (!MANIFESTS.includes(String(mediaType))) return `it is a ${String(mediaType)}; expected the manifest of an image`;
  if (!isDescriptor(config)) return 'its manifest describes no config';
  if (!CONFIGS.includes(config.mediaType)) return `its config is a ${config.mediaType}; expected that of an image`;
  if (!Array.isArray(layers) || layers.length === 0 || layers.length > MOST_LAYERS) {
    return `its manifest has no list of 1 to ${MOST_LAYERS} layers`;
  }
  for (const [index, layer] of layers.entries()) {
    if (!isDescriptor(layer)) return `its layer ${index} is not described by mediaType, digest and size`;
    if (!LAYERS.includes(layer.mediaType))
      return `its layer ${index} is a ${layer.mediaType}; expected tar or tar+gzip`;
  }
  return { mediaType: String(mediaType), config, layers: layers as Descriptor[] };
}

function whichOfIndex(manifests: unknown): string {
  const entries = Array.isArray(manifests) ? manifests : [];
  const fitting = entries.find(
    (entry: { platform?: { os?: unknown; architecture?: unknown } } | null) =>
      entry?.platform?.os === 'linux' && entry.platform.architecture === 'amd64',
  ) as { digest?: unknown } | undefined;
  const todo = isDigest(fitting?.digest)
    ? `pin ${fitting.digest}, which is its image for linux/amd64`
    : 'it has none for linux/amd64';
  return `it is an index of ${entries.length} images, not one of them; ${todo}`;
}

function isDescriptor(value: unknown): value is Descriptor {
  const { mediaType, digest, size } = (value ?? {}) as Partial<Record<keyof Descriptor, unknown>>;
  return typeof mediaType === 'string' && isDigest(digest) && Number.isSafeInteger(size) && Number(size) >= 0;
}

function jsonIn(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const found: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
