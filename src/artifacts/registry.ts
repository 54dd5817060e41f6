import { Readable } from 'node:stream';
import { isDigest, type Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import { NAME } from '../contract/target.ts';
import { digestOf } from '../digest-of.ts';
import { REPOSITORY, type RegistryAddress } from '../registry/address.ts';
import { drop } from '../registry/answer.ts';
import type { Credentials } from '../registry/authorization.ts';
import { describe } from '../registry/descriptor.ts';
import { getBlob, hasBlob, openBlob } from '../registry/download.ts';
import { getManifest, MANIFEST_BYTES, SMALL } from '../registry/manifests.ts';
import { PATIENCE, type Patience } from '../registry/patience.ts';
import { placeOf, type Place } from '../registry/place.ts';
import { createReferrers, isBookkeeping } from '../registry/referrers.ts';
import { listRepositories, listTags } from '../registry/tags.ts';
import { createTransport, type Transport } from '../registry/transport.ts';
import { pushBlob } from '../registry/upload.ts';
import { NOBODY, type Notary } from '../signing/notary.ts';
import { withHeldBlob } from './held-blob.ts';
import { readWithin } from './read-within.ts';
import { checkedName, TAG } from './refs.ts';
import { createTagClaims } from './registry-claim.ts';
import { asStoreError, reading, writing } from './registry-error.ts';
import type { ArtifactStore, ComponentStore, Descriptor } from './store.ts';

export interface RegistryStoreOptions {
  readonly address: RegistryAddress;
  /** What the registry lets us in by; nobody needs any unless given. */
  readonly credentials?: () => Promise<Credentials | null>;
  /** PEM certificates that are believed in place of the system's. */
  readonly ca?: string | undefined;
  /** Where blobs lie while they are brought up; made when it is first needed. */
  readonly holding: string;
  readonly notary?: Notary;
  readonly patience?: Patience;
}

/** A component's store in a registry: what tools see there of an image is seen here too. */
export interface RegistryComponentStore extends ComponentStore {
  /** Everything that is listed at an image: by the registry itself, or under its fallback tag. */
  referrers(subject: Digest): Promise<readonly Descriptor[]>;
}

export interface RegistryStore extends ArtifactStore {
  component(component: string): RegistryComponentStore;
  /** Whether it is there, and lets us in. @throws STORE_UNAVAILABLE, STORE_REFUSED */
  reach(): Promise<void>;
}

/**
 * A store in a registry: one repository a component, `<prefix>/<component>`, whose tags are the names. Any number of
 * processes may write to it at once and be killed at any moment; what was acknowledged is there. A registry has no way
 * to give a name only if it is free: see {@link createTagClaims} for what that leaves.
 */
export function createRegistryStore(options: RegistryStoreOptions): RegistryStore {
  const { address, credentials, ca, patience = PATIENCE } = options;
  const { origin, prefix } = address;
  const transport = createTransport({ origin, ca, patience, ...(credentials && { credentials }) });
  const everything = placeOf(transport, '', patience);
  const opened = new Map<string, RegistryComponentStore>();
  const repositoryOf = (component: string): string => (prefix === '' ? component : `${prefix}/${component}`);
  return {
    component(component) {
      const repository = repositoryOf(component);
      if (!NAME.test(component) || !REPOSITORY.test(repository)) {
        throw new SlipwayError('UNKNOWN_COMPONENT', `"${component}" is no component's name, or no repository's`);
      }
      const store = opened.get(component) ?? openComponent(component, repository, transport, options);
      opened.set(component, store);
      return store;
    },

    async reach() {
      const url = new URL('/v2/', origin);
      await reading(everything, async () => {
        await drop(await transport.ask({ method: 'GET', url, scope: everything.scope(false), within: SMALL }));
      });
    },

    async components() {
      const repositories = await listRepositories(everything).catch((error: unknown) => {
        throw unlisted(error, origin);
      });
      const found = repositories.flatMap((repository) => {
        const component = prefix === '' ? repository : repository.slice(prefix.length + 1);
        return repository === repositoryOf(component) && NAME.test(component) ? [component] : [];
      });
      return found.toSorted();
    },
  };
}

/** Bytes that are read as a whole: documents, configs, manifests. */
const WHOLE = 256 * 2 ** 20;

function openComponent(
  component: string,
  repository: string,
  transport: Transport,
  { holding, notary = NOBODY, patience = PATIENCE }: RegistryStoreOptions,
): RegistryComponentStore {
  const place = placeOf(transport, repository, patience);
  const referrers = createReferrers(place);
  const claims = createTagClaims(place, referrers);
  // A manifest that came with its name is not asked for once more by whoever wants to see what stands in it.
  const seen = createHandover();

  async function readBlob(digest: Digest): Promise<Buffer> {
    const bytes = seen.take(digest) ?? (await getBlob(place, digest, WHOLE)) ?? (await readManifest(place, digest));
    if (bytes === null) throw missing(digest, place);
    return bytes;
  }

  return {
    component,
    notary,

    async putBlob(bytes) {
      const [digest, size] = [digestOf(bytes), bytes.byteLength];
      await writing(place, () => pushBlob(place, { digest, size, from: (offset) => [bytes.subarray(offset)] }));
      return { digest, size };
    },

    async putStream(stream) {
      return withHeldBlob(holding, stream, async (blob) => {
        await writing(place, () => pushBlob(place, blob));
        return { digest: blob.digest, size: blob.size };
      });
    },

    async getBlob(digest) {
      checkDigest(digest);
      return reading(place, () => readBlob(digest));
    },

    async openBlob(digest) {
      checkDigest(digest);
      const stream = await reading(place, () => openBlob(place, digest));
      if (stream !== null) return readWithin(stream, (step) => reading(place, step));
      return Readable.from([await reading(place, () => readBlob(digest))], { objectMode: false });
    },

    async hasBlob(digest) {
      checkDigest(digest);
      return reading(place, async () => (await hasBlob(place, digest)) || (await getManifest(place, digest)) !== null);
    },

    async claim(name, { digest, mediaType }) {
      const free = nameFor(name);
      const bytes = await reading(place, () => readBlob(digest)).catch((error: unknown) => {
        throw error instanceof SlipwayError && error.code === 'ARTIFACT_CORRUPT' ? notStored(name, error) : error;
      });
      const { stands, won } = await writing(place, () => claims.claim(free, { digest, mediaType, bytes }));
      seen.give(stands.digest, stands.bytes);
      return { descriptor: describe(stands), won };
    },

    async resolve(name) {
      const found = await reading(place, () => getManifest(place, checkedName(name)));
      if (found === null) return null;
      seen.give(found.digest, found.bytes);
      return describe(found);
    },

    async names(prefix) {
      const tags = await reading(place, () => listTags(place));
      return tags.filter((tag) => tag.startsWith(prefix) && TAG.test(tag) && !isBookkeeping(tag)).toSorted();
    },

    referrers: (subject) => reading(place, () => referrers.list(subject)),
  };
}

async function readManifest(place: Place, digest: Digest): Promise<Buffer | null> {
  return (await getManifest(place, digest))?.bytes ?? null;
}

/** Hands bytes on that were read and checked just now: each once, and not many of them. */
function createHandover(): {
  give: (digest: Digest, bytes: Buffer) => void;
  take: (digest: Digest) => Buffer | undefined;
} {
  const held = new Map<Digest, Buffer>();
  return {
    give(digest, bytes) {
      if (bytes.byteLength > MANIFEST_BYTES / 64) return;
      held.set(digest, bytes);
      const [oldest] = held.keys();
      if (held.size > 64 && oldest !== undefined) held.delete(oldest);
    },
    take(digest) {
      const bytes = held.get(digest);
      held.delete(digest);
      return bytes;
    },
  };
}

function nameFor(name: string): string {
  if (!isBookkeeping(checkedName(name))) return name;
  throw new SlipwayError('USAGE', `"${name}" cannot be a name in a registry: tools keep their lists under such tags`);
}

const REMEDY = 'restore it from a copy of the store, or build the revision again';

function checkDigest(digest: Digest): void {
  if (isDigest(digest)) return;
  const expected = 'expected sha256: and 64 lower-case hex digits';
  throw new SlipwayError('ARTIFACT_CORRUPT', `"${String(digest)}" names no blob: ${expected}; ${REMEDY}`);
}

function missing(digest: Digest, { transport, repository }: Place): SlipwayError {
  const where = `${transport.origin}/${repository}`;
  return new SlipwayError('ARTIFACT_CORRUPT', `blob ${digest} is missing: expected in ${where}; ${REMEDY}`);
}

function notStored(name: string, cause: SlipwayError): SlipwayError {
  const message = `"${name}" would name what cannot be had: ${cause.message}; store its bytes before its name`;
  return new SlipwayError('ARTIFACT_CORRUPT', message, { cause });
}

/** Many registries show no such list, or not to everybody; what is asked of one component works all the same. */
function unlisted(error: unknown, origin: string): unknown {
  const known = asStoreError(error, origin, 'reading');
  if (!(known instanceof SlipwayError) || known.code === 'STORE_UNAVAILABLE') return known;
  const todo = 'name the target, or let these credentials read the catalog';
  return new SlipwayError('STORE_REFUSED', `${origin} does not say which components it has: ${known.message}; ${todo}`);
}
