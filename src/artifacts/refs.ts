import { link, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDigest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import { effect, type Midway } from '../failpoints.ts';
import { asUnavailable, errnoOf, ifPresent, readIfPresent, syncFolder, writeTemporary } from './durable.ts';
import type { ComponentStore, Descriptor } from './store.ts';

/** OCI distribution-spec: what a tag may be. */
export const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** The part of a store that gives names. */
export type Refs = Pick<ComponentStore, 'claim' | 'resolve' | 'names'>;

/**
 * Names in a folder, one file a name, holding the descriptor that it stands for: the truth about what there is.
 * Nothing locks; a name appears whole, once, and belongs to whoever linked it first.
 */
export function createRefs({ folder, temporary }: { folder: string; temporary: string }): Refs {
  async function read(name: string): Promise<Descriptor | null> {
    const path = join(folder, checkedName(name));
    const bytes = await readIfPresent(path);
    return bytes === null ? null : parseDescriptor(bytes, path);
  }

  /** True for the first who comes. */
  async function take(path: string, descriptor: Descriptor, midway: Midway): Promise<boolean> {
    const written = await writeTemporary(temporary, [Buffer.from(JSON.stringify(inOrder(descriptor)))]);
    try {
      // link(2), unlike rename(2), refuses a name that is taken: one process wins, whole.
      await link(written, path);
      midway();
      return true;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw asUnavailable(error, path);
      return false;
    } finally {
      await rm(written, { force: true });
    }
  }

  return {
    async claim(name, descriptor) {
      const path = join(folder, checkedName(name));
      const won = await effect('store.claim-ref', name, (midway) => take(path, descriptor, midway));
      // The winner may have been killed before it came to this: the loser's answer has to be durable as well.
      await syncFolder(folder);
      return { descriptor: (await read(name)) ?? descriptor, won };
    },

    resolve: read,

    async names(prefix) {
      const found = (await ifPresent(folder, () => readdir(folder))) ?? [];
      return found.filter((name) => name.startsWith(prefix) && TAG.test(name)).sort();
    },
  };
}

/** @throws USAGE */
export function checkedName(name: string): string {
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
