import type { LoadedPlatform } from '../../config/load.ts';
import { holderName } from '../../signing/choice.ts';
import { privateKeyFile } from '../../signing/key-files.ts';
import { keyFolderOf } from '../../signing/key-folder.ts';
import type { MadeKey } from '../../signing/keys.ts';
import { referenceOf } from '../../signing/private-key.ts';

/** A key that was made, as the command line shows it. */
export interface ShownKey {
  readonly name: string;
  readonly of: string;
  /** Where its private half was put. */
  readonly file: string;
  /** Where `signing` has it looked for; null when that is where it was put. */
  readonly expectedAt: string | null;
}

export function madeKeyOf(loaded: LoadedPlatform, env: NodeJS.ProcessEnv, { name, holder }: MadeKey): ShownKey {
  const reference = referenceOf(loaded.platform.signing, holder);
  const file = privateKeyFile(keyFolderOf(loaded.folder, env), name);
  const expectedAt = reference === null ? null : 'env' in reference ? `$${reference.env}` : reference.file;
  return { name, of: holderName(holder), file, expectedAt };
}

export function describeMade({ name, of, file, expectedAt }: ShownKey): readonly string[] {
  const made = `made ${name}, a key of ${of}: ${file}`;
  return expectedAt === null
    ? [made]
    : [made, `  ${of} looks for its key at ${expectedAt}: put it there, and remove this one`];
}
