import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readlink, realpath } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Digest } from '../../contract/digest.ts';
import { SlipwayError } from '../../contract/failure.ts';
import type { Target } from '../../contract/target.ts';
import { effect } from '../../failpoints.ts';

/** Where a component keeps its own state (`/instances`, §3). */
export function instanceFolderOf(instances: string, target: Target): string {
  return join(instances, target.environment, target.component);
}

/**
 * Creates the folder, empty, if it is not there: the only thing that a runtime ever does to it. Resolves with its real
 * path.
 * @throws INSTANCE_PATH_OVERLAP when it lies in the runtime's folder, or that in it (§3).
 */
export async function openInstanceFolder(instances: string, target: Target, runtimeFolder: string): Promise<string> {
  const folder = instanceFolderOf(instances, target);
  await effect('driver.make-instance-folder', folder, async (midway) => {
    await mkdir(dirname(folder), { recursive: true });
    midway();
    await mkdir(folder, { recursive: true });
  });
  const [here, runtime] = await Promise.all([realpath(folder), realpath(runtimeFolder)]);
  if (contains(here, runtime) || contains(runtime, here)) {
    throw new SlipwayError(
      'INSTANCE_PATH_OVERLAP',
      `${folder} (${here}) overlaps the runtime's folder ${runtime}. Runtime state is never part of a deployment (§3): name another folder at runtimes.local.instances in platform.yaml.`,
    );
  }
  return here;
}

/** SHA-256 over all names, contents and links below a folder, in the order of their names. */
export async function hashFolder(folder: string): Promise<Digest> {
  const hash = createHash('sha256');
  await addFolder(hash, folder, folder);
  return `sha256:${hash.digest('hex')}`;
}

async function addFolder(hash: Hash, root: string, folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    const name = JSON.stringify(relative(root, path));
    if (entry.isDirectory()) {
      hash.update(`folder ${name}\n`);
      await addFolder(hash, root, path);
    } else if (entry.isSymbolicLink()) {
      hash.update(`link ${name} ${JSON.stringify(await readlink(path))}\n`);
    } else if (entry.isFile()) {
      hash.update(`file ${name} ${await hashFile(path)}\n`);
    } else {
      hash.update(`other ${name}\n`);
    }
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function contains(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer + sep);
}
