import { whyInvalid } from './choice.ts';
import type { KeyOptions } from './desk.ts';
import { privateKeysIn } from './key-files.ts';
import { keyFolderOf } from './key-folder.ts';
import { policyOf } from './policy.ts';
import { createTrustFiles } from './trust-file.ts';

/** One line of `slipway keys list`. */
export interface ListedKey {
  readonly name: string;
  readonly role: string;
  readonly environments: readonly string[] | null;
  readonly keyid: string;
  /** As a trust policy writes it. */
  readonly key: string;
  readonly from: string;
  readonly until: string | null;
  readonly revoked: string | null;
  readonly revokedBy: string | null;
  readonly reason: string | null;
  /** Null, or why what it signs now does not count. */
  readonly invalid: string | null;
  /** Whether the private half lies in the key folder. */
  readonly here: boolean;
}

/** The trust policy as it stands, and which private keys are here. Never a private key. @throws FILE_INVALID */
export async function listKeys({ loaded, env, now }: KeyOptions): Promise<{
  readonly keys: readonly ListedKey[];
  /** Where the policy stands; null where there is none. */
  readonly file: string | null;
  readonly folder: string;
}> {
  const keys = keyFolderOf(loaded.folder, env);
  const written = createTrustFiles({ platformFile: loaded.file, trustFile: keys.trustFile })();
  const there = new Set(await privateKeysIn(keys));
  const more = new Map(written?.trust.keys.map((key) => [key.name, key]));
  const listed = policyOf(written?.trust ?? { keys: [] }).keys.map((key): ListedKey => {
    const { revokedBy = null, reason = null } = more.get(key.name) ?? {};
    const { environments = null, until = null, revoked = null } = key;
    const invalid = whyInvalid(key, now.toISOString());
    return { ...key, environments, until, revoked, revokedBy, reason, invalid, here: there.has(key.name) };
  });
  return { keys: listed, file: written?.file ?? null, folder: keys.folder };
}
