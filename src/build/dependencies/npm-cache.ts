import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../../contract/failure.ts';
import type { OutputTree } from '../output.ts';
import type { Locked } from './npm-locked.ts';

/** Where npm keeps what it fetched, by hash: `<algorithm>/ab/cd/<the rest of it>`. */
const CONTENT = /^_cacache\/content-v2\/\w+\/(\w\w)\/(\w\w)\/(\w+)$/;

/**
 * Holds what npm fetched against the lock file: whatever npm takes for a tarball has to be named there, by its hash. A
 * package may bring a lock file of its own, or say that it bundles what it does not.
 * @throws DEPENDENCIES_INVALID
 */
export async function refuseUnlocked(cache: string, tree: OutputTree, { hashes, path }: Locked): Promise<void> {
  for (const file of tree.keys()) {
    const [, first, second, rest] = CONTENT.exec(file) ?? [];
    if (first === undefined || hashes.has(`${first}${second}${rest}`)) continue;
    if (!(await isGzip(join(cache, file)))) continue;
    const message = `${path}: npm fetched a tarball that it does not name (sha512 ${first}${second}${rest?.slice(0, 12)}…)`;
    const expected =
      'expected the integrity of every package in it; find the package that brings others without naming them';
    throw new SlipwayError('DEPENDENCIES_INVALID', `${message}, ${expected}.`);
  }
}

/** What is no tarball is what the registry says of a package. */
async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}
