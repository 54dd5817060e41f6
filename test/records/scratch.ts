import { existsSync } from 'node:fs';
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import type { ArtifactStore } from '../../src/artifacts/store.ts';
import type { Digest } from '../../src/contract/digest.ts';
import { TEST_NOTARY } from '../signing/keys.ts';

/** In memory where there is such a folder: what is sealed is synced, and that is most of the time it takes. */
const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A real store in a folder of its own. */
export interface ScratchStore {
  readonly path: string;
  readonly artifacts: ArtifactStore;
  remove(): Promise<void>;
}

/** An empty store, or a copy of another; what is sealed there is signed, unless told otherwise. */
export async function openStore(original?: string, notary = TEST_NOTARY): Promise<ScratchStore> {
  const path = await mkdtemp(join(ROOT, 'slipway-records-'));
  if (original !== undefined) await cp(original, path, { recursive: true });
  return {
    path,
    artifacts: createLayoutStore({ path, notary }),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** An empty store, or a copy of another, that is gone after the test. */
export async function scratchStore(original?: string, notary = TEST_NOTARY): Promise<ScratchStore> {
  const opened = await openStore(original, notary);
  onTestFinished(() => opened.remove());
  return opened;
}

/** What somebody who can write the store's files can do to one component of it. */
export function handsOn(path: string, component: string) {
  const layout = join(path, component);
  const blob = (digest: Digest) => join(layout, 'blobs', 'sha256', digest.slice('sha256:'.length));
  const ref = (name: string) => join(layout, 'refs', name);
  return {
    /** Changes one byte in the middle of a blob. */
    async flip(digest: Digest): Promise<void> {
      const bytes = await readFile(blob(digest));
      const middle = Math.floor(bytes.length / 2);
      bytes[middle] = (bytes[middle] ?? 0) ^ 1;
      await chmod(blob(digest), 0o644);
      await writeFile(blob(digest), bytes);
    },
    remove: (digest: Digest): Promise<void> => rm(blob(digest)),
    unname: (name: string): Promise<void> => rm(ref(name)),
    /** Lets one name lead to what another leads to. */
    async redirect(name: string, to: string): Promise<void> {
      const bytes = await readFile(ref(to));
      await rm(ref(name), { force: true });
      await writeFile(ref(name), bytes);
    },
  };
}
