import { hexOf, type Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { ComponentStore, Descriptor } from './store.ts';

/**
 * `<UTC yyyymmdd of the commit>.<revision 12>.<digest 8>`: sorts by day, leads back to the source, and changes with the
 * bytes (§6: uniquely versioned).
 */
export function versionOf(artifact: {
  /** Seconds since 1970. */
  readonly committedAt: number;
  /** 40 hex digits. */
  readonly revision: string;
  readonly digest: Digest;
}): string {
  const day = new Date(artifact.committedAt * 1000).toISOString().slice(0, 10).replaceAll('-', '');
  return `${day}.${artifact.revision.slice(0, 12)}.${hexOf(artifact.digest).slice(0, 8)}`;
}

/**
 * Gives `version` to an image, once and for ever; again for the same image it changes nothing.
 * @throws VERSION_CONFLICT when it already names other bytes (§6)
 */
export async function claimVersion(store: ComponentStore, version: string, descriptor: Descriptor): Promise<void> {
  const { descriptor: stands } = await store.claim(version, descriptor);
  if (stands.digest === descriptor.digest) return;
  const found = `version ${version} of ${store.component} names ${stands.digest} and cannot name ${descriptor.digest}`;
  throw new SlipwayError(
    'VERSION_CONFLICT',
    `${found} too; commit again, so that the revision differs, and deploy that`,
  );
}
