import type { Digest } from '../contract/digest.ts';
import { decodeEnvelope, encodeEnvelope, payloadOf, type Opened, type Statement } from '../contract/envelope.ts';
import { corrupt, MEDIA_TYPE, putJson, readOciManifest, type OciManifest } from './oci.ts';
import type { ComponentStore, Descriptor } from './store.ts';

/** What seals a document under a name: an OCI artifact, shown by `oras discover` at its subject. */
interface Sealing {
  readonly store: ComponentStore;
  /** An OCI tag; given once. */
  readonly name: string;
  /** Media type of the kind of document, such as `application/vnd.slipway.evidence.v1+json`. */
  readonly artifactType: string;
  /** The image manifest that it is about. */
  readonly subject?: Descriptor;
}

export interface Sealed {
  /** Digest of the bytes that stand under the name: the envelope's, or the blob's; not the manifest's around them. */
  readonly digest: Digest;
  /** Whether those are the bytes that this call brought; so also when a call before it, repeated, brought the same. */
  readonly won: boolean;
}

/** A document as it stands in the store. Who signed it is for its reader to judge. */
export interface Document extends Opened {
  /** Of its envelope. */
  readonly digest: Digest;
}

/**
 * Seals a statement under `name`, in a DSSE envelope that the store's notary signs. The first one sealed under a name
 * stands for ever: the answer says which it is. The same statement is the same bytes, so a repeated call changes nothing.
 */
export async function sealDocument({ statement, ...sealing }: Sealing & { statement: Statement }): Promise<Sealed> {
  return sealBlob({
    ...sealing,
    mediaType: MEDIA_TYPE.envelope,
    bytes: encodeEnvelope(statement, sealing.store.notary.sign(payloadOf(statement))),
    annotations: { 'in-toto.io/predicate-type': statement.predicateType },
  });
}

/** As {@link sealDocument}, for bytes that state nothing: a history, a platform file. */
export async function sealBlob({
  store,
  name,
  artifactType,
  subject,
  mediaType,
  bytes,
  annotations = {},
}: Sealing & {
  mediaType: string;
  bytes: Uint8Array;
  annotations?: Readonly<Record<string, string>>;
}): Promise<Sealed> {
  const [blob, config] = await Promise.all([store.putBlob(bytes), putJson(store, MEDIA_TYPE.empty, {})]);
  const layer = { mediaType, ...blob };
  const manifest: OciManifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    artifactType,
    config,
    layers: [layer],
    ...(subject && { subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size } }),
    annotations: { [NAME_ANNOTATION]: name, ...annotations },
  };
  const descriptor = await putJson(store, MEDIA_TYPE.manifest, manifest);
  const { descriptor: stands } = await store.claim(name, { ...descriptor, artifactType });
  const digest = (await readLayer(store, name, stands.digest)).digest;
  return { digest, won: digest === layer.digest };
}

/**
 * The document sealed under `name`; null where there is none.
 * @throws ARTIFACT_CORRUPT
 */
export async function readDocument(store: ComponentStore, name: string): Promise<Document | null> {
  const descriptor = await store.resolve(name);
  if (descriptor === null) return null;
  const { mediaType, ...layer } = await readLayer(store, name, descriptor.digest);
  if (mediaType !== MEDIA_TYPE.envelope) throw corrupt(descriptor.digest, `"${name}" is no document but ${mediaType}`);
  const bytes = await readWhole(store, name, layer);
  return { digest: layer.digest, ...decodeEnvelope(bytes, layer.digest) };
}

/** The document in the envelope of exactly these bytes. @throws ARTIFACT_CORRUPT */
export async function readEnvelope(store: ComponentStore, digest: Digest): Promise<Document> {
  return { digest, ...decodeEnvelope(await store.getBlob(digest), digest) };
}

/** The bytes sealed under `name`; null where there are none. @throws ARTIFACT_CORRUPT */
export async function readSealedBlob(store: ComponentStore, name: string): Promise<Buffer | null> {
  const descriptor = await store.resolve(name);
  if (descriptor === null) return null;
  return readWhole(store, name, await readLayer(store, name, descriptor.digest));
}

async function readWhole(store: ComponentStore, name: string, { digest, size }: Pick<Descriptor, 'digest' | 'size'>) {
  const bytes = await store.getBlob(digest);
  if (bytes.byteLength === size) return bytes;
  throw corrupt(digest, `it has ${bytes.byteLength} bytes, and the manifest of "${name}" says ${size}`);
}

/** The name stands in the manifest too, so that one name's file put in another's place is noticed. */
const NAME_ANNOTATION = 'dev.slipway.name';

async function readLayer(store: ComponentStore, name: string, manifestDigest: Digest): Promise<Descriptor> {
  const manifest = await readOciManifest(store, manifestDigest);
  const sealedAs = manifest.annotations?.[NAME_ANNOTATION];
  if (sealedAs !== name) throw corrupt(manifestDigest, `"${name}" leads to what was sealed as "${sealedAs}"`);
  const [layer, ...others] = manifest.layers;
  if (others.length > 0)
    throw corrupt(manifestDigest, `"${name}" is ${manifest.layers.length} blobs, and should be one`);
  return layer;
}
