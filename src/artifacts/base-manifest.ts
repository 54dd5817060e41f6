import { isDigest } from '../contract/digest.ts';
import { MEDIA_TYPE, shown, whyNoManifest, type OciManifest } from './oci.ts';
import type { Descriptor } from './store.ts';

/** The manifest of a base image, all of it of kinds that can be built on. */
export interface BaseManifest {
  /** As it says itself, in OCI's form or in Docker's. */
  readonly mediaType: string;
  readonly config: Descriptor;
  /** By OCI's names, whatever it calls them. */
  readonly layers: readonly Descriptor[];
}

/** Why nothing can be built on an image, and what to do, in words. */
export interface WrongBase {
  readonly found: string;
  readonly todo: string;
}

/** Docker's names beside those of the specification: the bytes are the same. */
const DOCKER = 'application/vnd.docker';
const MANIFESTS = [MEDIA_TYPE.manifest, `${DOCKER}.distribution.manifest.v2+json`];
const INDEXES = ['application/vnd.oci.image.index.v1+json', `${DOCKER}.distribution.manifest.list.v2+json`];
const CONFIGS = [MEDIA_TYPE.config, `${DOCKER}.container.image.v1+json`];
/** zstd is not among them: Node 20 cannot read it, nor can some runtimes. */
const LAYERS: Readonly<Record<string, string>> = {
  [MEDIA_TYPE.layer]: MEDIA_TYPE.layer,
  [MEDIA_TYPE.gzipLayer]: MEDIA_TYPE.gzipLayer,
  [`${DOCKER}.image.rootfs.diff.tar`]: MEDIA_TYPE.layer,
  [`${DOCKER}.image.rootfs.diff.tar.gzip`]: MEDIA_TYPE.gzipLayer,
};

/** With one more it is what runtimes mount at most. */
const MOST_LAYERS = 126;

/** Reads a base's manifest: before anything of it is copied, and again before it is built on. Pure. */
export function parseBaseManifest(bytes: Uint8Array): BaseManifest | WrongBase {
  const document = objectIn(bytes);
  if (document === null) return wrongBase('its manifest is not JSON');
  const { mediaType = MEDIA_TYPE.manifest, manifests } = document;
  if (INDEXES.includes(String(mediaType)) || Array.isArray(manifests)) return indexOf(manifests);
  // Builders of before OCI 1.1 may leave the media type out.
  const wrong = whyNoManifest({ ...document, mediaType }, MANIFESTS);
  if (wrong !== null) return wrongBase(wrong);
  const { config, layers } = document as unknown as OciManifest;
  if (!CONFIGS.includes(config.mediaType)) return wrongBase(`its config is ${shown(config.mediaType)}: it is no image`);
  if (layers.length > MOST_LAYERS) return wrongBase(`it has ${layers.length} layers, more than ${MOST_LAYERS}`);
  const taken: Descriptor[] = [];
  for (const { mediaType: named, digest, size } of layers) {
    const known = LAYERS[named];
    if (known === undefined) return wrongBase(`its layer ${digest} is ${shown(named)}, expected a tar, plain or gzip`);
    taken.push({ mediaType: known, digest, size });
  }
  return { mediaType: String(mediaType), config, layers: taken };
}

function wrongBase(found: string, todo = 'choose another base'): WrongBase {
  return { found, todo };
}

/** Its digest leaves open which image is built on. */
function indexOf(manifests: unknown): WrongBase {
  const entries: unknown[] = Array.isArray(manifests) ? manifests : [];
  const fitting = entries.find((entry) => {
    const { os, architecture } = Object((Object(entry) as Unknown)['platform']) as Unknown;
    return os === 'linux' && architecture === 'amd64';
  });
  const { digest } = Object(fitting) as Unknown;
  const todo = isDigest(digest)
    ? `pin ${digest}, which is its image for linux/amd64`
    : 'pin one that it lists: it has none for linux/amd64';
  return wrongBase(`it is an index of ${entries.length} images, not one of them`, todo);
}

type Unknown = Readonly<Record<string, unknown>>;

function objectIn(bytes: Uint8Array): Unknown | null {
  try {
    return Object(JSON.parse(Buffer.from(bytes).toString('utf8'))) as Unknown;
  } catch {
    return null;
  }
}
