import type { Stats } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Header, type Pack } from 'tar-stream';
import { SlipwayError } from '../contract/failure.ts';
import { shownPath, whyUnsafeLink, whyUnsafePath } from './entry.ts';
import { piecesOf } from './pieces.ts';

/** What of a layer is not in its files. */
export interface LayerOptions {
  /** Seconds since 1970; every entry's time. */
  readonly mtime: number;
  /** A folder at the layer's root that the files are put in, by its name; they lie at the root itself unless given. */
  readonly under?: string;
}

/**
 * The files of a folder as a plain tar, in bounded memory. The same files are the same bytes (§6): sorted by path, one
 * time, owner 0:0, modes 0755 and 0644 by the owner's execute bit; order on disk, times, owners, umask, hard links and
 * special mode bits leave no trace.
 * The stream fails with BUILD_OUTPUT_UNSAFE on what no layer may hold: links that leave, devices, sockets, pipes.
 */
export function packLayer(folder: string, options: LayerOptions): Readable {
  return Readable.from(tarOf(folder, options), { objectMode: false });
}

async function* tarOf(folder: string, options: LayerOptions): AsyncGenerator<Uint8Array> {
  const layer = pack();
  void addAll(layer, folder, options).then(
    () => layer.finalize(),
    (error: Error) => layer.destroy(error),
  );
  yield* layer as AsyncIterable<Uint8Array>;
}

async function addAll(layer: Pack, folder: string, { mtime, under = '' }: LayerOptions): Promise<void> {
  const common = { uid: 0, gid: 0, mtime: new Date(withinTar(mtime) * 1000) };
  const before = under === '' ? '' : `${under}/`;
  if (before !== '') layer.entry({ ...common, name: before, type: 'directory', mode: 0o755 });
  for (const path of (await listFiles(folder)).sort(bytewise)) {
    const wrong = whyUnsafePath(path);
    if (wrong !== null) throw unsafe(path, wrong);
    const file = join(folder, path);
    const header = await headerOf(file, path, await lstat(file));
    const entry = { ...common, ...header, name: `${before}${header.name}` };
    if (entry.type === 'file') await addFile(layer, entry, file);
    else layer.entry(entry);
  }
}

async function addFile(layer: Pack, entry: Entry, path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await pipeline(piecesOf(file, entry.size ?? 0), layer.entry(entry));
  } finally {
    await file.close();
  }
}

type Entry = Pick<Header, 'name' | 'type' | 'mode'> & Partial<Header>;

async function headerOf(file: string, path: string, stats: Stats): Promise<Entry> {
  if (stats.isDirectory()) return { name: `${path}/`, type: 'directory', mode: 0o755 };
  if (stats.isFile()) return { name: path, type: 'file', size: stats.size, mode: stats.mode & 0o100 ? 0o755 : 0o644 };
  if (!stats.isSymbolicLink()) throw unsafe(path, 'it is a device, a socket or a pipe');
  const linkname = await readlink(file);
  const leaves = whyUnsafeLink(path, linkname);
  if (leaves !== null) throw unsafe(path, leaves);
  return { name: path, type: 'symlink', linkname, mode: 0o755 };
}

/** Paths below `folder`, folders themselves included; links are not followed. */
async function listFiles(folder: string, below = ''): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    paths.push(path);
    if (entry.isDirectory()) paths.push(...(await listFiles(folder, path)));
  }
  return paths;
}

/** Not by locale, and not by UTF-16 either: as `LC_ALL=C sort` has it. */
function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** tar-stream keeps a time in 32 bits; what lies outside is moved to the nearest that fits, always the same. */
function withinTar(mtime: number): number {
  return Math.min(Math.max(Math.trunc(mtime), 0), 2 ** 31 - 1);
}

function unsafe(path: string, found: string): SlipwayError {
  const expected = 'expected files, folders, and symlinks that stay inside the output';
  return new SlipwayError('BUILD_OUTPUT_UNSAFE', `${shownPath(path)} cannot be in an artifact: ${found}; ${expected}`);
}
