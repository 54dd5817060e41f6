import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, lstat, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract, type ExtractEvents, type Header } from 'tar-stream';
import type { Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import { effect, type Midway } from '../failpoints.ts';
import { asUnavailable, errnoOf, ifPresent, onDisk } from './durable.ts';
import { SPECIAL_MODE_BITS, whyUnsafeLink, whyUnsafePath } from './entry.ts';
import { corrupt, MEDIA_TYPE, readJson, readOciManifest } from './oci.ts';
import type { ComponentStore, Descriptor } from './store.ts';

/** How much one image may unpack to. */
export interface UnpackLimits {
  /** Of all files together. */
  readonly bytes: number;
  /** Files, folders and links. */
  readonly entries: number;
}

export const UNPACK_LIMITS: UnpackLimits = { bytes: 4 * 2 ** 30, entries: 250_000 };

/**
 * Unpacks an image into `folder`, which must be absent or empty: files 0444 or 0555, folders 0555, so that nobody
 * writes into an artifact by accident (take it away again with {@link removeUnpacked}). The folder appears whole or not
 * at all; what a killed call left lies beside it as `<folder>.<uuid>.partial`. Every blob is checked on the way. Files
 * are not synced: after a power cut, unpack again.
 * @throws ARTIFACT_CORRUPT for bytes that are not those that were sealed
 * @throws BUILD_OUTPUT_UNSAFE for entries that no artifact may have, or too many of them
 * @throws STORE_UNAVAILABLE when the disk refuses
 */
export async function unpackImage(
  store: ComponentStore,
  digest: Digest,
  folder: string,
  limits: UnpackLimits = UNPACK_LIMITS,
): Promise<void> {
  const manifest = await readOciManifest(store, digest);
  await readJson(store, manifest.config.digest);
  const [layer] = manifest.layers;
  if (layer.mediaType !== MEDIA_TYPE.layer) throw corrupt(digest, `its layer is no ${MEDIA_TYPE.layer}`);

  await effect('store.unpack-image', folder, async (midway) => {
    const partial = `${folder}.${randomUUID()}.partial`;
    try {
      await onDisk(partial, () => mkdir(partial, { recursive: true }));
      await unpackLayer(store, layer, { folder: partial, limits }, midway);
      await onDisk(folder, () => rename(partial, folder));
    } catch (error) {
      await removeUnpacked(partial);
      throw error;
    }
    await onDisk(folder, () => chmod(folder, READ_ONLY_FOLDER));
  });
}

/** Takes away what {@link unpackImage} made, read-only as it is; nothing happens when it is gone. */
export async function removeUnpacked(folder: string): Promise<void> {
  await effect('store.remove-unpacked', folder, async (midway) => {
    await makeRemovable(folder, midway);
    await onDisk(folder, () => rm(folder, { recursive: true, force: true }));
  });
}

const READ_ONLY_FOLDER = 0o555;

async function unpackLayer(
  store: ComponentStore,
  layer: Descriptor,
  { folder, limits }: { readonly folder: string; readonly limits: UnpackLimits },
  midway: Midway,
): Promise<void> {
  const source = await store.openBlob(layer.digest);
  const entries = extract();
  source.on('error', (error) => entries.destroy(error));
  const unpacked = new Unpacking(folder, layer.digest, limits);
  try {
    for await (const entry of source.pipe(entries)) await unpacked.add(entry, midway);
    await unpacked.finish(midway);
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    if (errnoOf(error) !== undefined) throw asUnavailable(error, folder);
    throw new SlipwayError('BUILD_OUTPUT_UNSAFE', `${layer.digest} is no tar that can be read`, { cause: error });
  } finally {
    source.destroy();
  }
}

/** tar-stream's types leave out its nulls: a type it does not know, a link without a target. */
type RawHeader = Omit<Header, 'type' | 'linkname'> & { type: Header['type'] | null; linkname: string | null };

/** One layer on its way to a folder. Links are made at the very end, so that nothing is ever written through one. */
class Unpacking {
  readonly #folder: string;
  readonly #layer: Digest;
  readonly #limits: UnpackLimits;
  readonly #kinds = new Map<string, 'file' | 'directory' | 'symlink'>();
  readonly #links: { readonly path: string; readonly target: string }[] = [];
  #bytes = 0;

  constructor(folder: string, layer: Digest, limits: UnpackLimits) {
    this.#folder = folder;
    this.#layer = layer;
    this.#limits = limits;
  }

  async add(entry: ExtractEvents['entry'][1], midway: Midway): Promise<void> {
    const { header } = entry;
    const path = header.type === 'directory' ? header.name.replace(/\/$/, '') : header.name;
    this.#admit(path, header);
    const place = join(this.#folder, path);
    if (header.type === 'file') {
      await pipeline(entry, createWriteStream(place, { flags: 'wx' }));
      await chmod(place, header.mode & 0o100 ? 0o555 : 0o444);
    } else {
      if (header.type === 'directory') await mkdir(place);
      else this.#links.push({ path, target: header.linkname });
      entry.resume();
    }
    midway();
  }

  async finish(midway: Midway): Promise<void> {
    midway();
    for (const { path, target } of this.#links) await symlink(target, join(this.#folder, path));
    for (const [path, kind] of this.#kinds) {
      if (kind === 'directory') await chmod(join(this.#folder, path), READ_ONLY_FOLDER);
    }
  }

  /** The list of what is refused. */
  #admit(path: string, { type, mode, size, linkname }: RawHeader): void {
    const refuse = (found: string): never => {
      throw unsafe(this.#layer, path, found);
    };
    if (type !== 'file' && type !== 'directory' && type !== 'symlink') {
      return refuse(`it is neither file, folder nor symlink but ${type ?? 'of an unknown type'}`);
    }
    const wrong = whyUnsafePath(path) ?? (type === 'symlink' ? whyUnsafeLink(path, linkname ?? '') : null);
    if (wrong !== null) refuse(wrong);
    if ((mode & SPECIAL_MODE_BITS) !== 0) refuse('it is setuid, setgid or sticky');
    if (this.#kinds.has(path)) refuse('it is there twice');
    const parent = dirname(path);
    if (parent !== '.' && this.#kinds.get(parent) !== 'directory') refuse('it lies in no folder of this layer');

    this.#kinds.set(path, type);
    this.#bytes += size;
    if (this.#kinds.size > this.#limits.entries) refuse(`with it there are more than ${this.#limits.entries} entries`);
    if (this.#bytes > this.#limits.bytes) refuse(`with it there are more than ${this.#limits.bytes} bytes`);
  }
}

/** Gives the owner back the right to remove what lies in a folder; links are not followed. */
async function makeRemovable(folder: string, midway: Midway): Promise<void> {
  const stats = await ifPresent(folder, () => lstat(folder));
  if (stats?.isDirectory() !== true) return;
  await onDisk(folder, () => chmod(folder, 0o755));
  midway();
  for (const entry of await onDisk(folder, () => readdir(folder, { withFileTypes: true }))) {
    if (entry.isDirectory()) await makeRemovable(join(folder, entry.name), midway);
  }
}

function unsafe(layer: Digest, path: string, found: string): SlipwayError {
  const remedy = 'Slipway packs no such layer: build the revision again';
  return new SlipwayError('BUILD_OUTPUT_UNSAFE', `${layer} will not be unpacked: ${path}: ${found}; ${remedy}`);
}
