import { link, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDigest } from '../contract/digest.ts';
import { codeOf, SlipwayError } from '../contract/failure.ts';
import { errnoOf, ifPresent, moveInto, onDisk, readIfPresent, syncFolder, writeTemporary } from './durable.ts';
import type { ComponentStore, Descriptor } from './store.ts';

/** OCI distribution-spec: what a tag may be. */
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** The part of a store that gives names; `writeIndex` brings `index.json` up to date with them. */
export type Refs = Pick<ComponentStore, 'claim' | 'resolve' | 'names'> & { writeIndex(): Promise<void> };

/**
 * Names in the folder `refs/`, one file a name, holding its descriptor. They are the truth about what there is;
 * `index.json`, which other tools read, is derived from them. Nothing here locks: six processes at once lost nothing,
 * nor does one that is killed.
 */
export function createRefs({ layout, temporary }: { layout: string; temporary: string }): Refs {
  const folder = join(layout, 'refs');
  const index = join(layout, 'index.json');
  // A name never moves, so an index entry that was read once is never read again.
  const entries = new Map<string, Descriptor>();

  async function read(name: string): Promise<Descriptor | null> {
    const path = join(folder, name);
    const bytes = await readIfPresent(path);
    return bytes === null ? null : parseDescriptor(bytes, path);
  }

  async function list(): Promise<string[]> {
    const found = (await ifPresent(folder, () => readdir(folder))) ?? [];
    return found.filter((name) => TAG.test(name)).sort();
  }

  /** A name that was spoiled by hand fails whoever asks for it; it does not keep the others out of the index. */
  async function entryOf(name: string): Promise<Descriptor | null> {
    const descriptor = entries.get(name) ?? (await readUnlessCorrupt(name));
    if (descriptor === null) return null;
    entries.set(name, descriptor);
    return { ...descriptor, annotations: { ...descriptor.annotations, 'org.opencontainers.image.ref.name': name } };
  }

  async function readUnlessCorrupt(name: string): Promise<Descriptor | null> {
    try {
      return await read(name);
    } catch (error) {
      if (codeOf(error) === 'ARTIFACT_CORRUPT') return null;
      throw error;
    }
  }

  async function writeIndex(): Promise<void> {
    let listed: number;
    let names = await list();
    do {
      listed = names.length;
      const manifests = [];
      for (const name of names) {
        const entry = await entryOf(name);
        if (entry !== null) manifests.push(entry);
      }
      const bytes = jsonBytes({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests });
      if ((await readIfPresent(index))?.equals(bytes) !== true) {
        await moveInto(await writeTemporary(temporary, [bytes]), index);
      }
      // Somebody who listed before us may have written after us, or the other way round: names only ever become more,
      // so whoever sees more of them than he wrote writes again, and the last one to look has written them all.
      names = await list();
    } while (names.length !== listed);
  }

  return {
    writeIndex,

    async claim(name, descriptor) {
      const path = join(folder, checkedName(name));
      const temporaryRef = await writeTemporary(temporary, [jsonBytes(inOrder(descriptor))]);
      let won = true;
      try {
        // link(2), unlike rename(2), refuses a name that is taken: one process wins, whole.
        await link(temporaryRef, path);
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') await onDisk(path, () => Promise.reject(error));
        won = false;
      } finally {
        await rm(temporaryRef, { force: true });
      }
      // The winner may have been killed before it came to these two: the loser's answer has to be durable as well.
      await syncFolder(folder);
      await writeIndex();
      return { descriptor: (await read(name)) ?? descriptor, won };
    },

    async resolve(name) {
      return read(checkedName(name));
    },

    async names(prefix) {
      return (await list()).filter((name) => name.startsWith(prefix));
    },
  };
}

function checkedName(name: string): string {
  if (TAG.test(name)) return name;
  const expected = 'at most 128 of A-Z a-z 0-9 _ . - that begin with none of . -';
  throw new SlipwayError('USAGE', `"${name}" cannot be a name in the store: expected ${expected}`);
}

function parseDescriptor(bytes: Buffer, path: string): Descriptor {
  try {
    const found = JSON.parse(bytes.toString('utf8')) as Partial<Descriptor> | null;
    if (typeof found?.mediaType === 'string' && isDigest(found.digest) && Number.isSafeInteger(found.size)) {
      return found as Descriptor;
    }
  } catch {
    // Said below: to a person it is one and the same.
  }
  const remedy = 'it was changed by hand: restore it from a copy of the store';
  throw new SlipwayError('ARTIFACT_CORRUPT', `${path} holds no descriptor { mediaType, digest, size }; ${remedy}`);
}

/** The fields of a descriptor in one order, so that equal descriptors are equal bytes. */
function inOrder({ mediaType, digest, size, artifactType, annotations }: Descriptor): object {
  return { mediaType, digest, size, artifactType, annotations };
}

function jsonBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
