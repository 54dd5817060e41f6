import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { SlipwayError } from '../contract/failure.ts';

/**
 * Where the keys of one platform lie, outside of its own folder:
 * ```
 * <root>/<16 hex>-<folder's name>/<key>.pem         a private key, mode 0600
 *                                 public/<key>.pub  its public key
 *                                 public/trust.yaml the trust policy, where platform.yaml has none
 * ```
 */
export interface KeyFolder {
  /** Of all platforms of this user. Workers see nothing of it but `shown`. */
  readonly root: string;
  readonly folder: string;
  /** What everybody may read. */
  readonly shown: string;
  readonly trustFile: string;
}

/**
 * @param platformFolder absolute path of the platform's folder, which names its keys' folder: whoever moves one moves both.
 * @throws USAGE when what `SLIPWAY_KEYS` names holds the platform itself, which would be hidden from its workers with it
 */
export function keyFolderOf(platformFolder: string, env: Readonly<NodeJS.ProcessEnv>): KeyFolder {
  const platform = realOf(platformFolder);
  const root = realOf(resolve(rootOf(env)));
  const way = relative(root, platform);
  if (way === '' || !(way === '..' || way.startsWith('../'))) {
    const message = `SLIPWAY_KEYS: found ${root}, which holds ${platform}; name a folder that holds keys and nothing else`;
    throw new SlipwayError('USAGE', message);
  }
  const hash = createHash('sha256').update(platform).digest('hex').slice(0, 16);
  const forPeople = basename(platform)
    .replaceAll(/[^\w.-]/g, '_')
    .slice(0, 40);
  const folder = join(root, `${hash}-${forPeople}`);
  const shown = join(folder, 'public');
  return { root, folder, shown, trustFile: join(shown, 'trust.yaml') };
}

function rootOf(env: Readonly<NodeJS.ProcessEnv>): string {
  const given = env['SLIPWAY_KEYS'] ?? '';
  if (given !== '') return given;
  const state = env['XDG_STATE_HOME'] ?? '';
  // The XDG base directory specification has relative paths ignored.
  const base = state.startsWith('/') ? state : join(env['HOME'] || homedir(), '.local', 'state');
  return join(base, 'slipway', 'keys');
}

/** Without symbolic links, as far as it is there. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(realOf(above), basename(path));
  }
}
