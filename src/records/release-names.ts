import { subjectOf } from '../artifacts/copy.ts';
import type { ComponentStore } from '../artifacts/store.ts';
import { hexOf, type Digest } from '../contract/digest.ts';
import { nameOf } from './names.ts';

/** Documents of a target's chain: which kind, and of which environment. */
const OF_TARGET = /^(?:evidence|outcome|record|act|watch|history)\.([a-z][a-z0-9-]*)\./;

/**
 * The names by which a release is told and checked: its versions; all that speaks of it; and, for each target that has
 * deployed it, that target's whole chain, the platform files and the acts, for a record is judged beside its neighbours.
 * Of the other releases in those chains the documents are among them, and the images not. None where the store knows
 * nothing of it.
 */
export async function namesOfRelease(store: ComponentStore, release: Digest): Promise<readonly string[]> {
  const names = await store.names('');
  const about = new Set<string>();
  for (const name of names) {
    const [descriptor, subject] = [await store.resolve(name), await subjectOf(store, name)];
    if (descriptor?.digest === release || subject === release) about.add(name);
  }
  if (about.size === 0) return [];
  const environments = new Set([...about].map((name) => OF_TARGET.exec(name)?.[1]));
  return names.filter((name) => {
    const environment = OF_TARGET.exec(name)?.[1];
    const ofChain = environment !== undefined && environments.has(environment);
    const ofAll = name.startsWith(PLATFORMS) || name.startsWith(`quarantine.${hexOf(release)}.`);
    return about.has(name) || ofChain || ofAll;
  });
}

const PLATFORMS = nameOf.platform('sha256:');
