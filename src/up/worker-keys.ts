import type { LoadedPlatform } from '../config/load.ts';
import { SlipwayError } from '../contract/failure.ts';
import { holderName, holdersOf, type Holder } from '../signing/choice.ts';
import { keyFolderOf } from '../signing/key-folder.ts';
import { createMissingKeys } from '../signing/keys.ts';
import { openTrust } from '../signing/open.ts';
import { findPrivateKey } from '../signing/private-key.ts';
import { privatePlacesOf } from '../signing/private-places.ts';
import { makeKeyFolder } from '../signing/key-files.ts';
import type { Hidden } from './apart.ts';

/** The private keys of a platform's workers, in the one process that may read all of them. */
export interface WorkerKeys {
  /** What nobody else may see; `public` stays for workers, who believe by the trust policy. */
  readonly hidden: { readonly fromWorkers: Hidden; readonly fromOthers: Hidden };
  /** The key that a holder signs with from now on, as PEM. @throws KEY_UNAVAILABLE */
  handOver(holder: Holder): string;
  /** Holders whose key is another one now than was handed over, by name of the new key. Says what is wrong to `report`, once. */
  outdated(report: (line: string) => void): ReadonlyMap<Holder, string>;
}

/**
 * Opens the keys of a platform. Where its file has no trust policy, keys that are missing are made.
 * @throws KEY_UNAVAILABLE when a worker has none to sign with; USAGE for a wrong `SLIPWAY_KEYS`
 */
export async function openWorkerKeys(
  loaded: LoadedPlatform,
  env: NodeJS.ProcessEnv,
  report: (line: string) => void,
): Promise<WorkerKeys> {
  const keys = keyFolderOf(loaded.folder, env);
  const { signing, trust, environments } = loaded.platform;
  if (trust === undefined) {
    const made = await createMissingKeys({ loaded, env, now: new Date() });
    if (made.length > 0)
      report(`Made ${made.map(({ name }) => name).join(', ')}: keys to sign with, in ${keys.folder}`);
  }
  await makeKeyFolder(keys);
  const read = openTrust({ loaded, env });
  const places = { signing, keys, env, folder: loaded.folder };
  const find = (holder: Holder) => findPrivateKey(places, read() ?? { keys: [] }, holder, new Date().toISOString());

  const holders = holdersOf(Object.keys(environments));
  for (const holder of holders) find(holder);
  const { files } = privatePlacesOf(loaded, env);

  const handed = new Map<Holder, string>();
  const wrong = new Map<Holder, string>();
  return {
    hidden: {
      fromWorkers: { keys: keys.root, shown: keys.shown, files },
      fromOthers: { keys: keys.root, shown: null, files },
    },
    handOver(holder) {
      const { pem, key } = find(holder);
      handed.set(holder, key.name);
      return pem;
    },
    outdated(report) {
      const others = new Map<Holder, string>();
      for (const [holder, name] of handed) {
        try {
          const { key } = find(holder);
          wrong.delete(holder);
          if (key.name !== name) others.set(holder, key.name);
        } catch (error) {
          const said = error instanceof SlipwayError ? error.message : String(error);
          if (wrong.get(holder) !== said) report(`${holderName(holder)}: ${said}`);
          wrong.set(holder, said);
        }
      }
      return others;
    },
  };
}
