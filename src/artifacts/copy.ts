import { SlipwayError } from '../contract/failure.ts';
import type { Digest } from '../contract/digest.ts';
import { corrupt, readJson } from './oci.ts';
import type { ComponentStore, Descriptor } from './store.ts';

/** What a copy did. */
export interface CopyCount {
  /** Names that both stores have now. */
  readonly names: number;
  /** Blobs that were brought, and their bytes. */
  readonly brought: number;
  readonly bytes: number;
  /** Blobs that were there already. */
  readonly present: number;
}

export interface CopyOptions {
  readonly from: ComponentStore;
  readonly to: ComponentStore;
  readonly names: readonly string[];
  /** Told of each name that is done; `done` of `names.length`. */
  readonly told: (step: 'copied' | 'checked', name: string, done: number) => void;
}

/** A manifest, as far as its parts and its subject go. */
interface Parts {
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly subject?: Descriptor;
}

/**
 * Copies what names stand for, byte for byte: the parts, then the manifest, then the name. What is there already is
 * not brought again, so a copy that was cut is repeated. Then all of it is read back: each name has to stand for the
 * same digest on both sides, and each blob of it to hold the bytes of its own.
 * @throws ACT_REFUSED when a name stands for something else there; ARTIFACT_CORRUPT for what is not whole on either side
 */
export async function copyNames({ from, to, names, told }: CopyOptions): Promise<CopyCount> {
  let [done, brought, bytes, present] = [0, 0, 0, 0];

  async function copyBlob({ digest, size }: Descriptor): Promise<void> {
    if (await to.hasBlob(digest)) {
      present += 1;
      return;
    }
    const stored = await to.putStream(await from.openBlob(digest));
    if (stored.digest !== digest || stored.size !== size) {
      throw corrupt(digest, `it has ${stored.size} bytes, where ${size} are described`);
    }
    brought += 1;
    bytes += size;
  }

  async function copyName(name: string): Promise<void> {
    const descriptor = await standing(from, name);
    const manifest = await partsOf(from, descriptor.digest);
    for (const part of manifest) await copyBlob(part);
    await to.putBlob(await from.getBlob(descriptor.digest));
    const { descriptor: stands } = await to.claim(name, descriptor);
    if (stands.digest !== descriptor.digest) throw taken(name, stands, descriptor);
    told('copied', name, (done += 1));
  }

  // Images first: what speaks of them finds them there.
  const documents: string[] = [];
  await eachOf(names, async (name) => {
    if ((await subjectOf(from, name)) === null) await copyName(name);
    else documents.push(name);
  });
  await eachOf(documents, copyName);
  await check({ from, to, names, told });
  return { names: names.length, brought, bytes, present };
}

/** Reads back what was copied, each blob once. */
async function check({ from, to, names, told }: CopyOptions): Promise<void> {
  const seen = new Set<Digest>();
  let done = 0;
  await eachOf(names, async (name) => {
    const descriptor = await standing(to, name);
    const original = await standing(from, name);
    if (descriptor.digest !== original.digest) throw taken(name, descriptor, original);
    for (const { digest, size } of await partsOf(to, descriptor.digest)) {
      if (seen.has(digest)) continue;
      let read = 0;
      for await (const chunk of await to.openBlob(digest)) read += (chunk as Buffer).byteLength;
      if (read !== size) throw corrupt(digest, `it has ${read} bytes, where ${size} are described`);
      seen.add(digest);
    }
    told('checked', name, (done += 1));
  });
}

/** Some names at a time: most of it is waiting for a registry. */
async function eachOf(names: readonly string[], work: (name: string) => Promise<void>): Promise<void> {
  const left = names.values();
  const worker = async (): Promise<void> => {
    for (const name of left) await work(name);
  };
  await Promise.all(Array.from({ length: 6 }, worker));
}

async function standing(store: ComponentStore, name: string): Promise<Descriptor> {
  const found = await store.resolve(name);
  if (found !== null) return found;
  throw new SlipwayError('ARTIFACT_CORRUPT', `"${name}" of ${store.component} is gone: copy it again`);
}

async function partsOf(store: ComponentStore, digest: Digest): Promise<readonly Descriptor[]> {
  const { config, layers = [] } = Object(await readJson(store, digest)) as Parts;
  if (config === undefined) throw corrupt(digest, 'it is no manifest with a config');
  return [config, ...layers];
}

/** What the document under a name is about; null for an image, and for a document about nothing. */
export async function subjectOf(store: ComponentStore, name: string): Promise<Digest | null> {
  const { digest } = await standing(store, name);
  return (Object(await readJson(store, digest)) as Parts).subject?.digest ?? null;
}

function taken(name: string, found: Descriptor, expected: Descriptor): SlipwayError {
  const message = `"${name}" stands for ${found.digest} there, and for ${expected.digest} here`;
  return new SlipwayError('ACT_REFUSED', `${message}: nothing is moved; copy to another place`);
}
