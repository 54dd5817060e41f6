import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, copyFile, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type ExtractEvents, type Header } from 'tar-stream';
import { whyUnsafeLink, whyUnsafePath } from '../artifacts/entry.ts';
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
 * Reads the tar that came out of a sandbox, and unpacks it into `folder`, which is empty or absent. The tar is not
 * trusted.
 * @throws BUILD_OUTPUT_UNSAFE for links that leave, devices, pipes, and names that no artifact may have.
 */
export async function readOutput(tar: string, folder: string): Promise<OutputTree> {
  const tree = new Map<string, string>();
  await mkdir(folder, { recursive: true });
  const source = createReadStream(tar);
  const entries = extract();
  source.on('error', (error) => entries.destroy(error));
  try {
    for await (const entry of source.pipe(entries)) {
      const path = pathOf(entry.header);
      if (path !== null) tree.set(path, await unpack(entry, { path, folder, tree }));
      entry.resume();
    }
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

/** Puts one entry into the folder, but for links; what the tree says of it. */
async function unpack(
  entry: ExtractEvents['entry'][1],
  { path, folder, tree }: { readonly path: string; readonly folder: string; readonly tree: OutputTree },
): Promise<string> {
  if (tree.has(path)) throw unsafe(path, 'it is there twice');
  const { type, linkname, mode } = entry.header;
  const place = join(folder, path);
  await mkdir(dirname(place), { recursive: true });
  switch (type) {
    case 'directory':
      await mkdir(place, { recursive: true });
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

function unsafe(path: string, found: string): SlipwayError {
  const expected = 'Expected files, folders, and symlinks that stay inside the output: change what the build writes.';
  return new SlipwayError(
    'BUILD_OUTPUT_UNSAFE',
    `${path} in the build's output cannot be in an artifact: ${found}. ${expected}`,
  );
}
