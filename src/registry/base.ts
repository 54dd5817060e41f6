import { resolve } from 'node:path';
import type { ComponentStore, Descriptor } from '../artifacts/store.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { Credentials } from './authorization.ts';
import { parseBaseManifest } from './base-manifest.ts';
import { openBaseLayout, openBaseSource, type BaseSource } from './base-source.ts';
import { RegistryFault } from './fault.ts';
import { MANIFEST_BYTES } from './manifests.ts';
import { PATIENCE, type Patience } from './patience.ts';
import { parseImageReference, type ImageReference } from './reference.ts';

export interface BaseDeps {
  /** Absolute; what the path of `oci:PATH@…` starts from: the platform's folder. */
  readonly folder: string;
  /** What a registry lets us in by, by its origin; nobody needs any unless given. */
  readonly credentials?: (origin: string) => Promise<Credentials | null>;
  /** PEM certificates that are believed in place of the system's. */
  readonly ca?: string | undefined;
  /** Bytes of all its parts together; 4 GiB unless given. */
  readonly mostBytes?: number;
  readonly patience?: Patience;
}

const MOST_BYTES = 4 * 2 ** 30;

/**
 * Copies a base image, its config, its layers and then its manifest, into a component's store: what is there already is
 * not asked for again, so a base that was pulled once needs no registry. Digests, kinds and sizes are checked on the
 * way. The image is one and no index, with layers of tar or tar+gzip, in OCI's or Docker's form; what its config says is
 * for whoever builds on it to judge.
 * @param reference `host[:port]/repository[:tag]@sha256:…` (https; http within this machine) or `oci:PATH@sha256:…`
 * @returns the descriptor of its manifest
 * @throws BASE_INVALID for a reference or an image that cannot be built upon; BASE_UNAVAILABLE when its registry does not
 *   give it to us; STORE_UNAVAILABLE
 */
export async function pullBase(store: ComponentStore, reference: string, deps: BaseDeps): Promise<Descriptor> {
  const parsed = parseImageReference(reference);
  if (typeof parsed === 'string') throw invalid(reference, parsed);
  const source = sourceOf(parsed, deps);
  try {
    return await copyBase(store, parsed, source, (found) => invalid(reference, found), deps.mostBytes ?? MOST_BYTES);
  } catch (error) {
    throw error instanceof RegistryFault ? unavailable(reference, error) : error;
  } finally {
    await source.close();
  }
}

function sourceOf(reference: ImageReference, deps: BaseDeps): BaseSource {
  if (reference.kind === 'layout') return openBaseLayout(resolve(deps.folder, reference.path));
  const { credentials = async () => null, patience = PATIENCE, ca } = deps;
  return openBaseSource(reference, { credentials, patience, ca });
}

async function copyBase(
  store: ComponentStore,
  { digest }: ImageReference,
  source: BaseSource,
  refused: (found: string) => SlipwayError,
  mostBytes: number,
): Promise<Descriptor> {
  const known = await store.hasBlob(digest);
  const bytes = known ? await store.getBlob(digest) : await source.manifest(digest);
  if (bytes === null) throw refused('there is no such image');
  const manifest = parseBaseManifest(bytes);
  if (typeof manifest === 'string') throw refused(manifest);
  const { mediaType, config, layers } = manifest;
  const total = [config, ...layers].reduce((sum, { size }) => sum + size, 0);
  if (total > mostBytes) throw refused(`it has ${total} bytes; expected at most ${mostBytes}`);
  if (config.size > MANIFEST_BYTES)
    throw refused(`its config has ${config.size} bytes; expected at most ${MANIFEST_BYTES}`);
  for (const part of [config, ...layers]) await copyPart(store, part, source, refused);
  if (!known) await store.putBlob(bytes);
  return { mediaType, digest, size: bytes.byteLength };
}

async function copyPart(
  store: ComponentStore,
  part: Descriptor,
  source: BaseSource,
  refused: (found: string) => SlipwayError,
): Promise<void> {
  if (await store.hasBlob(part.digest)) return;
  const stream = await source.blob(part);
  if (stream === null) throw refused(`${part.digest}, a part of it, is not there`);
  const stored = await store.putStream(stream);
  if (stored.size !== part.size)
    throw refused(`${part.digest}, a part of it, has ${stored.size} bytes, not ${part.size}`);
}

function invalid(reference: string, found: string): SlipwayError {
  const todo = 'correct build.base';
  return new SlipwayError('BASE_INVALID', `build.base ${reference}: ${found}; ${todo}`);
}

/** Whatever a registry does to us, it is not the change that did it. */
function unavailable(reference: string, fault: RegistryFault): SlipwayError {
  const todo = {
    away: 'it is asked again later',
    refused: 'let this machine pull it, or keep it in a layout: oci:PATH@sha256:…',
    unknown: 'push it there again, or name another base',
    corrupt: 'push it there again, or name another base',
  }[fault.kind];
  return new SlipwayError('BASE_UNAVAILABLE', `build.base ${reference}: ${fault.message}; ${todo}`, { cause: fault });
}
