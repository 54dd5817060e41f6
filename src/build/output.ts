import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, copyFile, mkdir, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type ExtractEvents, type Header } from 'tar-stream';
import { errnoOf } from '../artifacts/durable.ts';
import { shownPath, Tally, TREE_LIMITS, whyUnsafeLink, whyUnsafePath, type TreeLimits } from '../artifacts/entry.ts';
import { PIECE } from '../artifacts/pieces.ts';
import type { Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';

/**
 * What a build put out, by path: for each file its bytes and whether it can be run, for each link where it points.
 * Times, owners and other modes are not part of it: no artifact carries them.
 */
export type OutputTree = ReadonlyMap<string, string>;

/** The name of a tree: two builds gave the same when their digests are the same (§6). */
export function digestOf(tree: OutputTree): Digest {
  const lines = [...tree].sort(([a], [b]) => (a < b ? -1 : 1));
  return `sha256:${createHash('sha256').update(JSON.stringify(lines)).digest('hex')}`;
}

/** Paths that are not the same in both trees, sorted. */
export function differences(a: OutputTree, b: OutputTree): readonly string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path)).sort();
}

/**
 * Reads the tar that came out of a sandbox, and unpacks it into `folder`, which is empty or absent, in bounded memory.
 * The tar is not trusted.
 * @throws BUILD_OUTPUT_UNSAFE for links that leave, devices, pipes, names that no artifact may have, and what is no tar
 * @throws BUILD_OUTPUT_TOO_LARGE for more than an artifact may hold
 */
export async function readOutput(tar: string, folder: string, limits: TreeLimits = TREE_LIMITS): Promise<OutputTree> {
  const tree = new Map<string, string>();
  const tally = new Tally(limits);
  await mkdir(folder, { recursive: true });
  const source = createReadStream(tar, { highWaterMark: PIECE });
  const entries = extract();
  source.on('error', (error) => entries.destroy(error));
  try {
    for await (const entry of source.pipe(entries)) {
      const path = pathOf(entry.header);
      if (path !== null) {
        refuseTooMuch(path, tally.add(path, entry.header.size));
        tree.set(path, await unpack(entry, { path, folder, tree, tally }));
      }
      entry.resume();
    }
  } catch (error) {
    if (error instanceof SlipwayError || errnoOf(error) !== undefined) throw error;
    throw unsafe(shownPath(tar), 'it is no tar that can be read to its end', { cause: error });
  } finally {
    source.destroy();
  }
  // Links come last, so that nothing is ever written through one.
  for (const [path, entry] of tree) {
    if (entry.startsWith(LINK)) await symlink(entry.slice(LINK.length), join(folder, path));
  }
  return tree;
}

const LINK = 'link ';
/** Of one header; what a tar says for all of its entries counts at each of them. */
const MOST_FIELDS = 100;

interface Unpacked {
  readonly path: string;
  readonly folder: string;
  /** What is there already. */
  readonly tree: OutputTree;
  readonly tally: Tally;
}

/** Puts one entry into the folder, but for links; what the tree says of it. */
async function unpack(entry: ExtractEvents['entry'][1], { path, folder, tree, tally }: Unpacked): Promise<string> {
  if (tree.has(path)) throw unsafe(path, 'it is there twice');
  const parent = dirname(path);
  if (parent !== '.' && tree.get(parent) !== 'folder') throw unsafe(path, 'it lies in no folder of the output');
  const { type, linkname, mode, pax } = entry.header;
  if (Object.keys(pax ?? {}).length > MOST_FIELDS) throw unsafe(path, 'its header has too many fields');
  const place = join(folder, path);
  switch (type) {
    case 'directory':
      await mkdir(place);
      return 'folder';
    case 'file': {
      const executable = (mode & 0o100) !== 0;
      const hash = createHash('sha256');
      await pipeline(entry, passing(hash), createWriteStream(place, { flags: 'wx' }));
      await chmod(place, executable ? 0o755 : 0o644);
      return `${executable ? 'executable' : 'file'} ${hash.digest('hex')}`;
    }
    case 'link': {
      const first = linkname.replace(/^\.\//, '');
      const same = tree.get(first);
      if (same === undefined || !/^(file|executable) /.test(same)) throw unsafe(path, 'it is a hard link to elsewhere');
      // A link has no bytes in the tar, and as many as its file in an artifact.
      refuseTooMuch(path, tally.addBytes((await stat(join(folder, first))).size));
      await copyFile(join(folder, first), place);
      return same;
    }
    case 'symlink': {
      const leaves = whyUnsafeLink(path, linkname);
      if (leaves !== null) throw unsafe(path, leaves);
      return `${LINK}${linkname}`;
    }
    case 'block-device':
    case 'character-device':
    case 'fifo':
    case 'contiguous-file':
    default:
      throw unsafe(path, 'it is a device, a pipe or a socket');
  }
}

/** The path below the output; null for the output's own folder. */
function pathOf({ name }: Header): string | null {
  const path = name.replace(/^\.\//, '').replace(/\/$/, '');
  if (path === '' || path === '.') return null;
  const wrong = whyUnsafePath(path);
  if (wrong !== null) throw unsafe(path, wrong);
  return path;
}

/** Passes bytes on and hashes them on the way. */
function passing(hash: Hash): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}

function unsafe(path: string, found: string, options?: { readonly cause: unknown }): SlipwayError {
  const expected = 'Expected files, folders, and symlinks that stay inside the output: change what the build writes.';
  const message = `${shownPath(path)} in the build's output cannot be in an artifact: ${found}. ${expected}`;
  return new SlipwayError('BUILD_OUTPUT_UNSAFE', message, options);
}

function refuseTooMuch(path: string, found: string | null): void {
  if (found === null) return;
  const remedy = 'Leave out what does not run: change what the build writes.';
  throw new SlipwayError('BUILD_OUTPUT_TOO_LARGE', `${shownPath(path)} in the build's output: ${found}. ${remedy}`);
}
