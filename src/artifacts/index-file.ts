import { codeOf } from '../contract/failure.ts';
import { effect } from '../failpoints.ts';
import { moveInto, readIfPresent, writeTemporary } from './durable.ts';
import type { Refs } from './refs.ts';
import type { Descriptor } from './store.ts';

/**
 * `index.json` (OCI image-spec, image-index.md): the names as other tools look for them. It is derived from the refs
 * and never read by Slipway; it can be behind for a moment, and a writer that was killed leaves that to the next one.
 */
export interface IndexFile {
  /** Brings it up to date. Once all who called this have their answer, it has every name. */
  write(): Promise<void>;
}

export function createIndexFile({ path, temporary, refs }: { path: string; temporary: string; refs: Refs }): IndexFile {
  // Written entries by name: a name never moves, so what was read once is never read again.
  const entries = new Map<string, string>();

  async function entryOf(name: string): Promise<string | null> {
    const known = entries.get(name);
    if (known !== undefined) return known;
    const descriptor = await resolveUnlessCorrupt(refs, name);
    if (descriptor === null) return null;
    const annotations = { ...descriptor.annotations, 'org.opencontainers.image.ref.name': name };
    const entry = JSON.stringify({ ...descriptor, annotations });
    entries.set(name, entry);
    return entry;
  }

  async function render(names: readonly string[]): Promise<Buffer> {
    const manifests: string[] = [];
    for (const name of names) {
      const entry = await entryOf(name);
      if (entry !== null) manifests.push(entry);
    }
    const head = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[';
    return Buffer.from(`${head}${manifests.join(',')}]}`);
  }

  return {
    async write() {
      let written: number;
      let names = await refs.names('');
      do {
        written = names.length;
        const bytes = await render(names);
        if ((await readIfPresent(path))?.equals(bytes) !== true) {
          await effect('store.write-index', path, async (midway) =>
            moveInto(await writeTemporary(temporary, [bytes]), path, midway),
          );
        }
        // Somebody who listed before us may have written after us, or the other way round. Names only ever become
        // more, so whoever sees more of them than he wrote writes again, and the last one to look has them all.
        names = await refs.names('');
      } while (names.length !== written);
    },
  };
}

/** A name that was spoiled by hand fails whoever asks for it; it does not keep the others out of the index. */
async function resolveUnlessCorrupt(refs: Refs, name: string): Promise<Descriptor | null> {
  try {
    return await refs.resolve(name);
  } catch (error) {
    if (codeOf(error) === 'ARTIFACT_CORRUPT') return null;
    throw error;
  }
}
