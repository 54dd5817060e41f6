import type { Digest } from '../contract/digest.ts';
import { digestOf } from '../digest-of.ts';
import { bytesOf, drop, headerOf } from './answer.ts';
import { RegistryFault } from './fault.ts';
import { persistently } from './patience.ts';
import type { Place } from './place.ts';
import { shown } from './transport.ts';

/** A manifest as it came: `digest` is that of exactly these bytes. */
export interface FoundManifest {
  readonly bytes: Buffer;
  readonly digest: Digest;
  readonly mediaType: string;
}

/** OCI distribution-spec: what a registry has to take at least, and nobody should go beyond. */
export const MANIFEST_BYTES = 4 * 2 ** 20;

/** Milliseconds for a small question and its answer. */
export const SMALL = 60_000;

const ACCEPT = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

/** What a tag or a digest stands for, or null. @throws RegistryFault, `corrupt` for other bytes than those of a digest. */
export async function getManifest(place: Place, reference: string): Promise<FoundManifest | null> {
  const { transport, patience, scope } = place;
  const url = place.url(`manifests/${reference}`);
  return persistently(patience, async () => {
    const headers = { accept: ACCEPT };
    const answer = await transport.ask({
      method: 'GET',
      url,
      scope: scope(false),
      headers,
      accept: [404],
      within: SMALL,
    });
    if (answer.statusCode === 404) {
      await drop(answer);
      return null;
    }
    const bytes = await bytesOf(answer, MANIFEST_BYTES, `manifest ${reference} at ${url.host}`);
    const digest = digestOf(bytes);
    for (const named of [headerOf(answer, 'docker-content-digest'), reference]) {
      if (named?.startsWith('sha256:') === true && named !== digest) throw otherBytes(named, digest, shown(url));
    }
    const mediaType = headerOf(answer, 'content-type')?.split(';')[0]?.trim() ?? '';
    return { bytes, digest, mediaType };
  });
}

export interface PutManifest {
  readonly mediaType: string;
  readonly bytes: Buffer;
  /** Whether this is not to take the place of another; few registries look at it, none minds. */
  readonly onlyNew?: boolean;
}

/**
 * Puts a manifest under a tag or its digest, once: whether it may be put again is for the caller to see.
 * @returns whether the registry itself lists it at its subject (`OCI-Subject`).
 */
export async function putManifest(
  place: Place,
  reference: string,
  { mediaType, bytes, onlyNew = false }: PutManifest,
): Promise<{ readonly lists: boolean }> {
  const url = place.url(`manifests/${reference}`);
  const answer = await place.transport.ask({
    method: 'PUT',
    url,
    scope: place.scope(true),
    headers: {
      'content-type': mediaType,
      'content-length': String(bytes.byteLength),
      ...(onlyNew && { 'if-none-match': '*' }),
    },
    body: () => [bytes],
    within: SMALL,
  });
  await drop(answer);
  const named = headerOf(answer, 'docker-content-digest');
  const digest = digestOf(bytes);
  if (named !== null && named !== digest) throw otherBytes(digest, named, shown(url));
  return { lists: headerOf(answer, 'oci-subject') !== null };
}

export function otherBytes(asked: string, found: string, what: string): RegistryFault {
  return new RegistryFault('corrupt', `${what} is not ${asked} but bytes that hash to ${found}`);
}
