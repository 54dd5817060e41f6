import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SlipwayError } from '../contract/failure.ts';
import { NAME } from '../contract/target.ts';
import { effect, type Midway } from '../failpoints.ts';
import { createBlobs } from './blobs.ts';
import { ifPresent, moveInto, onDisk, readIfPresent, syncFolder, writeTemporary } from './durable.ts';
import { createIndexFile } from './index-file.ts';
import { NOBODY, type Notary } from '../signing/notary.ts';
import { createRefs } from './refs.ts';
import type { ArtifactStore, ComponentStore } from './store.ts';

/**
 * A store on disk, one OCI image layout a component, that skopeo and oras read:
 * ```
 * <path>/<component>/oci-layout
 *                    index.json           derived from refs/, for other tools
 *                    blobs/sha256/<hex>   bytes by their digest
 *                    refs/<name>          the truth about what there is
 *                    tmp/                 files that are being written
 * ```
 * Any number of processes may write to it at once and be killed at any moment: it reads whole, and what was
 * acknowledged is there. Reading alone creates nothing.
 */
export function createLayoutStore({ path, notary = NOBODY }: { path: string; notary?: Notary }): ArtifactStore {
  const root = resolve(path);
  const opened = new Map<string, ComponentStore>();
  return {
    component(component) {
      if (!NAME.test(component)) throw new SlipwayError('UNKNOWN_COMPONENT', `"${component}" is no component's name`);
      const store = opened.get(component) ?? openComponent(root, component, notary);
      opened.set(component, store);
      return store;
    },

    async components() {
      const names = (await ifPresent(root, () => readdir(root))) ?? [];
      const found = [];
      for (const name of names.filter((entry) => NAME.test(entry)).sort()) {
        const marker = join(root, name, 'oci-layout');
        if ((await readIfPresent(marker)) !== null) found.push(name);
      }
      return found;
    },
  };
}

function openComponent(root: string, component: string, notary: Notary): ComponentStore {
  const layout = join(root, component);
  const temporary = join(layout, 'tmp');
  const blobs = createBlobs({ folder: join(layout, 'blobs', 'sha256'), temporary });
  const refs = createRefs({ folder: join(layout, 'refs'), temporary });
  const index = createIndexFile({ path: join(layout, 'index.json'), temporary, refs });

  let prepared: Promise<void> | undefined;
  /** Once a process, before its first write; what failed is tried again. */
  const ready = async (): Promise<void> => {
    prepared ??= prepareLayout(root, layout).then(() => index.write());
    try {
      await prepared;
    } catch (error) {
      prepared = undefined;
      throw error;
    }
  };

  return {
    component,
    notary,
    getBlob: blobs.getBlob,
    openBlob: blobs.openBlob,
    hasBlob: blobs.hasBlob,
    resolve: refs.resolve,
    names: refs.names,
    async putBlob(bytes) {
      await ready();
      return blobs.putBlob(bytes);
    },
    async putStream(stream) {
      await ready();
      return blobs.putStream(stream);
    },
    async claim(name, descriptor) {
      await ready();
      if (!(await blobs.hasBlob(descriptor.digest))) {
        const remedy = 'store its bytes before its name';
        throw new SlipwayError('ARTIFACT_CORRUPT', `"${name}" would name ${descriptor.digest}, not stored; ${remedy}`);
      }
      const claimed = await refs.claim(name, descriptor);
      await index.write();
      return claimed;
    },
  };
}

/** Makes what is missing of a layout, durably, and sweeps away what killed writers left. */
async function prepareLayout(root: string, layout: string): Promise<void> {
  await effect('store.make-layout', layout, async (midway) => {
    for (const folder of [join('blobs', 'sha256'), 'refs', 'tmp']) {
      await onDisk(join(layout, folder), () => mkdir(join(layout, folder), { recursive: true }));
      midway();
    }
  });
  const temporary = join(layout, 'tmp');
  const marker = join(layout, 'oci-layout');
  if ((await readIfPresent(marker)) === null) {
    const bytes = Buffer.from(JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    await effect('store.mark-layout', layout, async (midway) =>
      moveInto(await writeTemporary(temporary, [bytes]), marker, midway),
    );
  }
  for (const folder of [join(layout, 'blobs'), layout, root, dirname(root)]) await syncFolder(folder);
  await effect('store.sweep-temporary', temporary, (midway) => sweep(temporary, midway));
}

/** A file that is being written is touched all the while; after an hour without, its writer is gone. */
const ABANDONED_AFTER_MS = 3_600_000;

async function sweep(temporary: string, midway: Midway): Promise<void> {
  for (const name of await onDisk(temporary, () => readdir(temporary))) {
    const path = join(temporary, name);
    const file = await ifPresent(path, () => stat(path));
    if (file === null || Date.now() - file.mtimeMs < ABANDONED_AFTER_MS) continue;
    await onDisk(path, () => rm(path, { force: true }));
    midway();
  }
}
