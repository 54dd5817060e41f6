import { resolve } from 'node:path';
import { parseBaseManifest, type WrongBase } from '../artifacts/base-manifest.ts';
import type { ComponentStore, Descriptor } from '../artifacts/store.ts';
import type { BaseReference } from '../config/base-reference.ts';
import { SlipwayError } from '../contract/failure.ts';
import { RegistryFault } from '../registry/fault.ts';
import { MANIFEST_BYTES } from '../registry/manifests.ts';
import { PATIENCE, type Patience } from '../registry/patience.ts';
import { openBaseLayout, openBaseRegistry, type BaseSource } from './source.ts';

export interface BaseDeps {
  /** Absolute; what the path of a layout starts from: the platform's folder. */
  readonly folder: string;
  /** Bytes of all its parts together; 4 GiB unless given. */
  readonly mostBytes?: number;
  readonly patience?: Patience;
}

const MOST_BYTES = 4 * 2 ** 30;

/**
 * Copies a base image, its config, its layers and then its manifest, into a component's store: what is there already is
 * not asked for again, so a base that was pulled once needs no registry. Digests, kinds and sizes are checked on the
 * way. What its config says is for whoever builds on it to judge. A registry is asked without credentials, by https; by
 * http within this machine.
 * @returns the descriptor of its manifest
 * @throws BASE_INVALID for an image that cannot be built upon; BASE_UNAVAILABLE when its registry does not give it to us;
 *   STORE_UNAVAILABLE
 */
export async function pullBase(store: ComponentStore, reference: BaseReference, deps: BaseDeps): Promise<Descriptor> {
  const source = sourceOf(reference, deps);
  const refused: Refused = ({ found, todo }) => new SlipwayError('BASE_INVALID', said(reference, found, todo));
  try {
    return await copyBase(store, reference, source, refused, deps.mostBytes ?? MOST_BYTES);
  } catch (error) {
    throw error instanceof RegistryFault ? unavailable(reference, error) : error;
  } finally {
    await source.close();
  }
}

function sourceOf(reference: BaseReference, { folder, patience = PATIENCE }: BaseDeps): BaseSource {
  if (reference.kind === 'layout') return openBaseLayout(resolve(folder, reference.path));
  return openBaseRegistry(reference.host, reference.repository, patience);
}

type Refused = (wrong: WrongBase) => SlipwayError;

/** What to do where the image is not what its reference, or its manifest, says. */
const CORRECT = 'correct build.base';

async function copyBase(
  store: ComponentStore,
  { digest }: BaseReference,
  source: BaseSource,
  refused: Refused,
  mostBytes: number,
): Promise<Descriptor> {
  const known = await store.hasBlob(digest);
  const bytes = known ? await store.getBlob(digest) : await source.manifest(digest);
  if (bytes === null) throw refused({ found: 'there is no such image', todo: CORRECT });
  const manifest = parseBaseManifest(bytes);
  if ('found' in manifest) throw refused(manifest);
  const { mediaType, config, layers } = manifest;
  const total = [config, ...layers].reduce((sum, { size }) => sum + size, 0);
  const tooLarge = (found: string, most: number): SlipwayError =>
    refused({ found: `${found} bytes; expected at most ${most}`, todo: 'choose a smaller one' });
  if (total > mostBytes) throw tooLarge(`it has ${total}`, mostBytes);
  if (config.size > MANIFEST_BYTES) throw tooLarge(`its config has ${config.size}`, MANIFEST_BYTES);
  for (const part of [config, ...layers]) await copyPart(store, part, source, refused);
  if (!known) await store.putBlob(bytes);
  return { mediaType, digest, size: bytes.byteLength };
}

async function copyPart(
  store: ComponentStore,
  { digest, ...part }: Descriptor,
  source: BaseSource,
  refused: Refused,
): Promise<void> {
  if (await store.hasBlob(digest)) return;
  const stream = await source.blob({ digest, ...part });
  if (stream === null) throw refused({ found: `${digest}, a part of it, is not there`, todo: CORRECT });
  const { size } = await store.putStream(stream);
  if (size === part.size) return;
  throw refused({ found: `${digest}, a part of it, has ${size} bytes, not ${part.size}`, todo: CORRECT });
}

function said({ name, digest }: BaseReference, found: string, todo: string): string {
  return `build.base ${name}@${digest}: ${found}; ${todo}`;
}

/** Whatever a registry does to us, it is not the change that did it. */
function unavailable(reference: BaseReference, fault: RegistryFault): SlipwayError {
  const todo = {
    away: 'it is asked again later',
    refused: 'bases are pulled without credentials: name one that anybody may pull, or a layout, oci:PATH@sha256:…',
    unknown: 'push it there again, or name another base',
    corrupt: 'push it there again, or name another base',
  }[fault.kind];
  return new SlipwayError('BASE_UNAVAILABLE', said(reference, fault.message, todo), { cause: fault });
}
