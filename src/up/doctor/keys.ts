import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadedPlatform } from '../../config/load.ts';
import { holdersOf, type Holder } from '../../signing/choice.ts';
import { keyFolderOf, type KeyFolder } from '../../signing/key-folder.ts';
import { openTrust } from '../../signing/open.ts';
import { findPrivateKey } from '../../signing/private-key.ts';
import { privatePlacesOf } from '../../signing/private-places.ts';
import { whyNotApart } from '../apart.ts';
import { bad, good, orBad, warning, type Finding } from './finding.ts';

/** Whether each role has a key that is believed, and nobody else may read it. */
export async function checkKeys(loaded: LoadedPlatform, env: NodeJS.ProcessEnv): Promise<Finding> {
  return orBad('keys', 'Mend what it names: nothing is signed, and nobody believed, until then.', async () => {
    const keys = keyFolderOf(loaded.folder, env);
    const open = await openToOthers(keys);
    if (open !== null) {
      return bad('keys', open, 'chmod 600 the keys and 700 their folder; slipway keys revoke, if somebody read one.');
    }
    const policy = openTrust({ loaded, env })();
    const isOurs = loaded.platform.trust === undefined;
    if (policy === null) return good('keys', `${keys.folder}, made by slipway up`);
    const places = { signing: loaded.platform.signing, keys, env, folder: loaded.folder };
    const now = new Date().toISOString();
    const wrong = holdersOf(Object.keys(loaded.platform.environments)).flatMap((holder) => whyNot(holder));
    if (wrong.length === 0) return good('keys', `${policy.keys.length} trusted, each role has one to sign with`);
    const mend = isOurs
      ? 'slipway up makes what is missing; so does slipway keys create.'
      : 'slipway keys create, unless that worker runs elsewhere and has its key there.';
    return warning('keys', wrong.join('; '), mend);

    function whyNot(holder: Holder): readonly string[] {
      try {
        findPrivateKey(places, policy ?? { keys: [] }, holder, now);
        return [];
      } catch (error) {
        return [(error as Error).message];
      }
    }
  });
}

/** Whether `slipway up` can run each worker where no other's key can be read. */
export async function checkApart(loaded: LoadedPlatform, env: NodeJS.ProcessEnv): Promise<Finding> {
  const { keys, files } = privatePlacesOf(loaded, env);
  // Any folder will do, where there is none to hide yet.
  const why = await whyNotApart({ keys: keys ?? '/sys', shown: null, files }, env);
  if (why === null) return good('workers apart', 'each can run where no other key is readable');
  const mend = 'Allow user namespaces, or run as root on Linux; or give each worker a user or machine of its own.';
  return loaded.platform.build.sandbox === 'none'
    ? warning('workers apart', why, mend)
    : bad('workers apart', why, mend);
}

async function openToOthers({ folder }: KeyFolder): Promise<string | null> {
  const names = await readdir(folder).catch(() => []);
  const paths = [folder, ...names.filter((name) => name.endsWith('.pem')).map((name) => join(folder, name))];
  for (const path of names.length === 0 ? [] : paths) {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) return `${path} has mode ${(mode & 0o777).toString(8).padStart(4, '0')}`;
  }
  return null;
}
