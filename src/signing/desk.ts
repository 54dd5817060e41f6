import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parsePlatform, pathsOf, type LoadedPlatform } from '../config/load.ts';
import { readYaml } from '../config/read.ts';
import { trustSchema, type Trust } from '../config/trust.ts';
import { SlipwayError } from '../contract/failure.ts';
import { takingTurns } from '../locks/turn.ts';
import { editTrust, type TrustEdit } from './edit-trust.ts';
import { makeKeyFolder, settleKeys, writeWhole } from './key-files.ts';
import { keyFolderOf, type KeyFolder } from './key-folder.ts';
import { createTrustFiles, type WrittenTrust } from './trust-file.ts';

export interface KeyOptions {
  readonly loaded: LoadedPlatform;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Of this act, and of what it writes down. */
  readonly now: Date;
}

/** One platform's keys and trust policy, while nobody else edits them. */
export interface Desk {
  readonly keys: KeyFolder;
  readonly trust: Trust;
  readonly now: string;
  /** @returns what stands there then */
  write(edit: TrustEdit): Promise<Trust>;
}

/** Does `work` while no other process edits the keys of this platform; what a killed one left is settled before. */
export async function inTurn<T>({ loaded, env, now }: KeyOptions, work: (desk: Desk) => Promise<T>): Promise<T> {
  const keys = keyFolderOf(loaded.folder, env);
  const taken = takingTurns(join(pathsOf(loaded).state, 'keys'), async () => {
    const written = createTrustFiles({ platformFile: loaded.file, trustFile: keys.trustFile })();
    const place = written ?? { trust: { keys: [] }, file: keys.trustFile, within: 'folder' };
    await makeKeyFolder(keys);
    await settle(keys, place.trust);
    const write = async (edit: TrustEdit): Promise<Trust> => {
      const trust = await writeTrust(place, edit);
      await settle(keys, trust);
      return trust;
    };
    return await work({ keys, trust: place.trust, now: now.toISOString(), write });
  });
  return await taken.catch((error: unknown) => {
    const { code, path } = error as NodeJS.ErrnoException;
    if (error instanceof SlipwayError || code === undefined || path === undefined) throw error;
    const todo = `let this user write there, or name another place for keys with SLIPWAY_KEYS`;
    throw new SlipwayError('KEY_UNAVAILABLE', `${path}: the system says ${code}; ${todo}`, { cause: error });
  });
}

async function settle(keys: KeyFolder, trust: Trust): Promise<void> {
  await settleKeys(keys, (name, key) => trust.keys.some((each) => each.name === name && each.key === key));
}

/** Edits the file where the policy stands, in one step, and only if it then says what it should and nothing else. */
async function writeTrust({ trust, file, within }: WrittenTrust, edit: TrustEdit): Promise<Trust> {
  // A link stays a link: what it leads to is edited.
  const path = await realpath(file).catch(() => file);
  const there = await stat(path).catch(() => null);
  const before = there === null ? EMPTY : await readFile(path, 'utf8');
  const after = editTrust(before, within === 'platform' ? ['trust', 'keys'] : ['keys'], edit);
  const wanted = trustSchema.parse({
    keys: [...trust.keys.map((key) => ({ ...key, ...edit.changed[key.name] })), ...edit.added],
  });
  const bytes = Buffer.from(after ?? '');
  const found = after === null ? null : within === 'platform' ? swapped(before, bytes, file) : read(bytes, file);
  if (!isDeepStrictEqual(found, wanted)) {
    const todo = 'write its list of keys as lines that begin with a dash, without anchors and aliases';
    throw new SlipwayError('ACT_REFUSED', `${file} is written in a way that slipway keys cannot edit; ${todo}`);
  }
  await writeWhole(path, bytes, (there?.mode ?? 0o644) & 0o777, there ?? undefined);
  return wanted;
}

const EMPTY = '# Whose signatures count on this platform. Edit it with: slipway keys\nkeys: []\n';

function read(bytes: Uint8Array, file: string): Trust {
  return readYaml(trustSchema, bytes, file, 'FILE_INVALID');
}

/** The trust of the edited platform file; null if anything else in it has changed. */
function swapped(before: string, after: Uint8Array, file: string): Trust | null {
  const { trust: _, ...old } = parsePlatform(Buffer.from(before), file);
  const { trust = null, ...rest } = parsePlatform(after, file);
  return isDeepStrictEqual(old, rest) ? trust : null;
}
