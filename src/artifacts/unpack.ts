import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, lstat, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract, type ExtractEvents, type Header } from 'tar-stream';
import type { Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import { effect, type Midway } from '../failpoints.ts';
import { openDescribed } from './content.ts';
import { asUnavailable, errnoOf, ifPresent, onDisk } from './durable.ts';
import {
  shownPath,
  SPECIAL_MODE_BITS,
  Tally,
  TREE_LIMITS,
  whyUnsafeLink,
  whyUnsafePath,
  type TreeLimits,
} from './entry.ts';
import type { OciConfig } from './image-config.ts';
import { corrupt, MEDIA_TYPE, readDescribed, readOciManifest, shown } from './oci.ts';
import type { ComponentStore, Descriptor } from './store.ts';

export { TREE_LIMITS as UNPACK_LIMITS, type TreeLimits as UnpackLimits } from './entry.ts';

/**
 * Unpacks the component's files of an image, those of its last layer and not those of its base, into `folder`, which
 * must be absent or empty: files 0444 or 0555, folders 0555, so that nobody
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
  limits: TreeLimits = TREE_LIMITS,
): Promise<void> {
  const { config, layers } = await readOciManifest(store, digest);
  const under = folderIn(await readDescribed(store, config), digest);
  const layer = layers.at(-1) ?? layers[0];
  if (layer.mediaType !== MEDIA_TYPE.layer) throw corrupt(digest, `its last layer is no ${MEDIA_TYPE.layer}`);
  if (layer.size > limits.bytes + limits.entries * MOST_BYTES_BESIDE) {
    throw unsafe(layer.digest, 'all of it', `it has ${layer.size} bytes, more than any layer of Slipway`);
  }

  await effect('store.unpack-image', folder, async (midway) => {
    const partial = `${folder}.${randomUUID()}.partial`;
    try {
      await onDisk(partial, () => mkdir(partial, { recursive: true }));
      await unpackLayer(store, layer, { folder: partial, under, limits }, midway);
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

/** In a tar, for each entry and at its end: headers, those of a long path too, and what fills up blocks. */
const MOST_BYTES_BESIDE = 8192;

/** The folder of the layer that the files lie in; `''` for its root. */
function folderIn(config: unknown, image: Digest): string {
  const folder: unknown = (config as Partial<OciConfig> | null)?.config?.WorkingDir;
  if (folder === undefined || folder === '/') return '';
  if (folder === '/app') return 'app';
  throw corrupt(image, `its WorkingDir is ${shown(folder)}, expected / or /app`);
}

/** Where one layer goes, and what of it. */
interface Unpack {
  readonly folder: string;
  readonly under: string;
  readonly limits: TreeLimits;
}

async function unpackLayer(store: ComponentStore, layer: Descriptor, to: Unpack, midway: Midway): Promise<void> {
  const source = await openDescribed(store, layer);
  const entries = extract();
  source.on('error', (error) => entries.destroy(error));
  const unpacked = new Unpacking(layer.digest, to);
  try {
    for await (const entry of source.pipe(entries)) await unpacked.add(entry, midway);
    await unpacked.finish(midway);
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    if (errnoOf(error) !== undefined) throw asUnavailable(error, to.folder);
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
  readonly #before: string;
  readonly #layer: Digest;
  readonly #tally: Tally;
  readonly #kinds = new Map<string, 'file' | 'directory' | 'symlink'>();
  readonly #links: { readonly path: string; readonly target: string }[] = [];

  constructor(layer: Digest, { folder, under, limits }: Unpack) {
    this.#folder = folder;
    this.#before = under === '' ? '' : `${under}/`;
    this.#layer = layer;
    this.#tally = new Tally(limits);
  }

  async add(entry: ExtractEvents['entry'][1], midway: Midway): Promise<void> {
    const { header } = entry;
    if (this.#before !== '' && header.name === this.#before && header.type === 'directory') return void entry.resume();
    const path = this.#pathOf(header);
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

  /** The path from the component's own root. */
  #pathOf({ name, type }: RawHeader): string {
    if (!name.startsWith(this.#before)) throw unsafe(this.#layer, name, `it does not lie in ${this.#before}`);
    const path = name.slice(this.#before.length);
    return type === 'directory' ? path.replace(/\/$/, '') : path;
  }

  /** The list of what is refused. */
  #admit(path: string, { type, mode, size, linkname, pax }: RawHeader): void {
    const refuse = (found: string): never => {
      throw unsafe(this.#layer, path, found);
    };
    if (type !== 'file' && type !== 'directory' && type !== 'symlink') {
      return refuse(`it is neither file, folder nor symlink but ${type ?? 'of an unknown type'}`);
    }
    const wrong = whyUnsafePath(path) ?? (type === 'symlink' ? whyUnsafeLink(path, linkname ?? '') : null);
    if (wrong !== null) refuse(wrong);
    if ((mode & SPECIAL_MODE_BITS) !== 0) refuse('it is setuid, setgid or sticky');
    if (Object.keys(pax ?? {}).some((key) => key !== 'path' && key !== 'linkpath')) {
      refuse('its header has more fields than Slipway writes');
    }
    if (this.#kinds.has(path)) refuse('it is there twice');
    const parent = dirname(path);
    if (parent !== '.' && this.#kinds.get(parent) !== 'directory') refuse('it lies in no folder of this layer');
    const tooMuch = this.#tally.add(path, size);
    if (tooMuch !== null) refuse(tooMuch);
    this.#kinds.set(path, type);
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
  return new SlipwayError(
    'BUILD_OUTPUT_UNSAFE',
    `${layer} will not be unpacked: ${shownPath(path)}: ${found}; ${remedy}`,
  );
}
