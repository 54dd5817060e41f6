import { isDigest, type Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { ComponentStore, Descriptor } from './store.ts';

/** Media types of the OCI image-spec 1.1, and of what Slipway seals. */
export const MEDIA_TYPE = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  /** Plain tar: no compressor whose version could change the bytes. */
  layer: 'application/vnd.oci.image.layer.v1.tar',
  /** As many bases have it; never unpacked here. */
  gzipLayer: 'application/vnd.oci.image.layer.v1.tar+gzip',
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

/** A manifest that is well formed, so it has a layer. */
export type SoundManifest = OciManifest & { readonly layers: readonly [Descriptor, ...Descriptor[]] };

/** Stores a document as JSON, keys in the order given, and describes it. */
export async function putJson(store: ComponentStore, mediaType: string, document: unknown): Promise<Descriptor> {
  const { digest, size } = await store.putBlob(Buffer.from(JSON.stringify(document)));
  return { mediaType, digest, size };
}

/**
 * The manifest `digest`: a config and at least one layer, each described whole, no blob of it listed twice.
 * @throws ARTIFACT_CORRUPT when it is missing, changed, or something else
 */
export async function readOciManifest(store: ComponentStore, digest: Digest): Promise<SoundManifest> {
  const manifest = await readJson(store, digest);
  const wrong = whyNoManifest(manifest) ?? whyAmbiguous(manifest as object);
  if (wrong !== null) throw corrupt(digest, wrong);
  return manifest as SoundManifest;
}

/** The blob that a descriptor describes, as JSON. @throws ARTIFACT_CORRUPT as {@link readJson}, or of another size */
export async function readDescribed(store: ComponentStore, { digest, size }: Descriptor): Promise<unknown> {
  const bytes = await store.getBlob(digest);
  if (bytes.byteLength !== size) throw corrupt(digest, `it has ${bytes.byteLength} bytes, not ${size}`);
  return parse(bytes, digest);
}

/** A blob as JSON. @throws ARTIFACT_CORRUPT when it is missing, changed, or not JSON */
export async function readJson(store: ComponentStore, digest: Digest): Promise<unknown> {
  return parse(await store.getBlob(digest), digest);
}

function parse(bytes: Buffer, digest: Digest): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw corrupt(digest, 'it is not JSON');
  }
}

/**
 * What keeps a document from being an image manifest of one of these media types, in words; null when nothing does.
 * Keys beside those of the specification are for other readers, and do not count.
 */
export function whyNoManifest(document: unknown, mediaTypes: readonly string[] = [MEDIA_TYPE.manifest]): string | null {
  const { schemaVersion, mediaType, config, layers, subject } = Object(document) as Partial<OciManifest>;
  if (schemaVersion !== 2) return `its schemaVersion is ${shown(schemaVersion)}, not 2`;
  if (!mediaTypes.includes(mediaType ?? ''))
    return `its mediaType is ${shown(mediaType)}, not ${mediaTypes.join(' or ')}`;
  if (!Array.isArray(layers) || layers.length === 0) return 'it lists no layers';
  const described = [['config', config], ...layers.map((layer, at) => [`layers[${at}]`, layer] as const)] as const;
  for (const [at, descriptor] of described) {
    const wrong = whyNoDescriptor(descriptor);
    if (wrong !== null) return `its ${at} ${wrong}`;
  }
  const wrongSubject = subject === undefined ? null : whyNoDescriptor(subject);
  if (wrongSubject !== null) return `its subject ${wrongSubject}`;
  const seen = new Set<unknown>();
  for (const [at, descriptor] of described) {
    const digest = descriptor?.digest;
    if (seen.has(digest)) return `its ${at} lists ${digest} a second time`;
    seen.add(digest);
  }
  return null;
}

function whyNoDescriptor(found: Descriptor | undefined): string | null {
  const { mediaType, digest, size } = Object(found) as Partial<Descriptor>;
  if (typeof mediaType !== 'string' || mediaType === '') return `has the mediaType ${shown(mediaType)}`;
  if (!isDigest(digest)) return `has the digest ${shown(digest)}, not sha256: and 64 lower-case hex digits`;
  if (!Number.isSafeInteger(size) || (size ?? -1) < 0) return `has the size ${shown(size)}`;
  return null;
}

const KEYS = ['schemaVersion', 'mediaType', 'artifactType', 'config', 'layers', 'subject', 'annotations'];

/** Readers in Go take `Layers` for `layers`; what Slipway wrote has nothing that two readers could read in two ways. */
function whyAmbiguous(manifest: object): string | null {
  const unknown = Object.keys(manifest).find((key) => !KEYS.includes(key));
  return unknown === undefined ? null : `it has the key ${shown(unknown)}, which Slipway does not write`;
}

/** A value of somebody else's document as messages show it. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'missing' : (JSON.stringify(value) ?? 'missing');
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** A whole blob that is not what Slipway would have written. */
export function corrupt(digest: Digest, found: string): SlipwayError {
  const remedy = 'it did not come from Slipway: build the revision again';
  return new SlipwayError('ARTIFACT_CORRUPT', `${digest} cannot be used: ${found}; ${remedy}`);
}
