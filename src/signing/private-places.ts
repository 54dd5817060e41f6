import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { LoadedPlatform } from '../config/load.ts';
import { holdersOf } from './choice.ts';
import { keyFolderOf } from './key-folder.ts';
import { referenceOf } from './private-key.ts';

/** Where private keys lie on this machine, as far as they are there, without symbolic links. */
export interface PrivatePlaces {
  /** The folder of all key folders; null where there is none. */
  readonly keys: string | null;
  /** Files that `signing` leads to. */
  readonly files: readonly string[];
}

export function privatePlacesOf(
  { folder, platform }: Pick<LoadedPlatform, 'folder' | 'platform'>,
  env: Readonly<NodeJS.ProcessEnv>,
): PrivatePlaces {
  const { root } = keyFolderOf(folder, env);
  const files = holdersOf(Object.keys(platform.environments)).flatMap((holder) => {
    const reference = referenceOf(platform.signing, holder);
    const file = reference !== null && 'file' in reference ? resolve(folder, reference.file) : null;
    return file !== null && existsSync(file) ? [realpathSync(file)] : [];
  });
  const elsewhere = [...new Set(files)].filter((file) => !file.startsWith(`${root}/`));
  return { keys: existsSync(root) ? root : null, files: elsewhere };
}
