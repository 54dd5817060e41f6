import type { Digest } from '../contract/digest.ts';
import { effect, type Midway } from '../failpoints.ts';
import { drop, headerOf, type Answer } from './answer.ts';
import { hasBlob } from './download.ts';
import { isFault, RegistryFault } from './fault.ts';
import { otherBytes, SMALL } from './manifests.ts';
import { giveUpOrPause, persistently } from './patience.ts';
import type { Place } from './place.ts';
import { placeIn, shown } from './transport.ts';

/** A blob on its way up: bytes that can be read again, from anywhere. */
export interface BlobSource {
  readonly digest: Digest;
  readonly size: number;
  readonly from: (offset: number) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Up to here a blob goes up in one piece: beginning again costs no more than asking how far it came. */
const ONE_PIECE = 4 * 2 ** 20;

/**
 * Brings a blob, unless it is there already. A cut upload goes on where the registry says that it was, and is begun
 * again where it does not say. Any number of us may bring the same blob at once.
 * @throws RegistryFault
 */
export async function pushBlob(place: Place, blob: BlobSource): Promise<void> {
  if (await hasBlob(place, blob.digest)) return;
  await effect('registry.push-blob', blob.digest, (midway) => push(place, blob, midway));
}

async function push(place: Place, blob: BlobSource, midway: Midway): Promise<void> {
  let session: Session | null = null;
  for (let failed = 0; ;) {
    const begun: number = session?.offset ?? 0;
    try {
      session ??= { place: await begin(place), offset: 0 };
      midway();
      await (blob.size <= ONE_PIECE ? putWhole : putRest)(place, session, blob);
      return;
    } catch (error) {
      // What is said of an upload that the registry has forgotten is no answer to the blob.
      const fault: unknown = session !== null && isFault(error, 'unknown') ? asAway(error) : error;
      session = isFault(fault, 'away') ? await whereItStands(place, session) : null;
      failed = (session?.offset ?? 0) > begun ? 1 : failed + 1;
      await giveUpOrPause(fault, failed, place.patience);
      // It may have come to its end without our hearing of it, or somebody else has brought it.
      if (await hasBlob(place, blob.digest)) return;
    }
  }
}

/** An upload that the registry waits for more of. */
interface Session {
  readonly place: URL;
  /** Bytes that the registry has. */
  readonly offset: number;
}

async function begin({ transport, patience, url, scope }: Place): Promise<URL> {
  return persistently(patience, async () => {
    const question = { url: url('blobs/uploads/'), scope: scope(true), headers: { 'content-length': '0' } };
    const answer = await transport.ask({ method: 'POST', ...question, within: SMALL });
    await drop(answer);
    return nextPlace(answer, question.url);
  });
}

async function putWhole(place: Place, session: Session, blob: BlobSource): Promise<void> {
  await finish(place, session.place, blob, blob.size);
}

/** Sends what the registry does not have yet, and closes the upload with the digest. */
async function putRest(place: Place, session: Session, blob: BlobSource): Promise<void> {
  const { offset } = session;
  let url = session.place;
  if (offset < blob.size) {
    const answer = await place.transport.ask({
      method: 'PATCH',
      url,
      scope: place.scope(true),
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': String(blob.size - offset),
        'content-range': `${offset}-${blob.size - 1}`,
      },
      body: () => blob.from(offset),
    });
    await drop(answer);
    url = nextPlace(answer, url);
  }
  await finish(place, url, blob, 0);
}

/** The last request of an upload, with the last `bytes` of the blob, and its name. */
async function finish({ transport, scope }: Place, url: URL, blob: BlobSource, bytes: number): Promise<void> {
  const named = new URL(url);
  named.searchParams.set('digest', blob.digest);
  const answer = await transport.ask({
    method: 'PUT',
    url: named,
    scope: scope(true),
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(bytes) },
    ...(bytes > 0 && { body: () => blob.from(blob.size - bytes) }),
  });
  await drop(answer);
  const digest = headerOf(answer, 'docker-content-digest');
  if (digest !== null && digest !== blob.digest) throw otherBytes(blob.digest, digest, shown(url));
}

/** How far an upload came; null where the registry does not say, or where that is nowhere. */
async function whereItStands({ transport, scope }: Place, session: Session | null): Promise<Session | null> {
  if (session === null) return null;
  try {
    const question = { url: session.place, scope: scope(true), within: SMALL };
    const answer = await transport.ask({ method: 'GET', ...question });
    await drop(answer);
    const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(headerOf(answer, 'range') ?? '')?.[1] ?? 0);
    // "0-0" is one byte, or none: registries differ.
    return last === 0 ? null : { place: nextPlace(answer, session.place), offset: last + 1 };
  } catch (error) {
    if (error instanceof RegistryFault) return null;
    throw error;
  }
}

/** Where an upload goes on. */
function nextPlace(answer: Answer, from: URL): URL {
  return placeIn(headerOf(answer, 'location'), from);
}

function asAway({ message, status }: RegistryFault): RegistryFault {
  return new RegistryFault('away', message, { status: status ?? 404 });
}
