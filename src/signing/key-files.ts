import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writtenKey } from '../config/public-key.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { KeyFolder } from './key-folder.ts';

/** Makes what is missing of the folder; nobody else may look into it. */
export async function makeKeyFolder({ root, folder, shown }: KeyFolder): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  for (const path of [folder, shown]) {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
  }
}

/** Names of the private keys that lie in a folder, sorted. */
export async function privateKeysIn({ folder }: KeyFolder): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.flatMap((name) => (name.endsWith('.pem') ? [name.slice(0, -'.pem'.length)] : [])).toSorted();
}

/**
 * Makes a new key and lays it aside; {@link settleKeys} puts it in its place when the trust policy knows it, so that one
 * of a process that was killed between the two is either whole or gone.
 * @returns the public key
 */
export async function makeKey(keys: KeyFolder, name: string): Promise<KeyObject> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  await writeWhole(asideFile(keys, name), privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
  return publicKey;
}

/** Puts keys that were laid aside in their place, if `isKnown` says so of name and public key; takes the others away. */
export async function settleKeys(keys: KeyFolder, isKnown: (name: string, key: string) => boolean): Promise<void> {
  const aside = (await readdir(keys.folder)).filter((name) => name.endsWith(ASIDE));
  for (const file of aside) {
    const name = file.slice(0, -ASIDE.length);
    const publicKey = publicKeyIn(join(keys.folder, file));
    if (publicKey === null || !isKnown(name, writtenKey(publicKey))) {
      await rm(join(keys.folder, file), { force: true });
      continue;
    }
    await writeWhole(join(keys.shown, `${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }), 0o644);
    await rename(join(keys.folder, file), privateKeyFile(keys, name));
  }
}

/**
 * The PEM of the private key `name`; null when there is none.
 * @throws KEY_UNAVAILABLE when others may read it
 */
export function readPrivateKey(keys: KeyFolder, name: string): string | null {
  const file = privateKeyFile(keys, name);
  try {
    const { mode } = statSync(file);
    if ((mode & 0o077) !== 0) {
      const found = `found mode ${(mode & 0o777).toString(8).padStart(4, '0')}, expected 0600`;
      const todo = `chmod 600 it, and slipway keys revoke ${name} if somebody else may have read it`;
      throw new SlipwayError('KEY_UNAVAILABLE', `${file}: ${found}: ${todo}`);
    }
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (error instanceof SlipwayError) throw error;
    const message = `${file} cannot be read (${code ?? 'unreadable'}): make it readable for this user, and for no other`;
    throw new SlipwayError('KEY_UNAVAILABLE', message);
  }
}

export function privateKeyFile({ folder }: KeyFolder, name: string): string {
  return join(folder, `${name}.pem`);
}

/**
 * Puts a file in its place in one step: whoever reads it reads the old one or the new one, whole.
 * @param owner whose it is; this process's own unless given
 */
export async function writeWhole(
  path: string,
  content: string | Uint8Array,
  mode: number,
  owner?: { readonly uid: number; readonly gid: number },
): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.new`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(content);
    // Only root can give a file away; anybody else's own it becomes.
    if (owner !== undefined && process.getuid?.() === 0) await file.chown(owner.uid, owner.gid);
    await file.chmod(mode);
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  }
}

const ASIDE = '.pem.new';

function asideFile({ folder }: KeyFolder, name: string): string {
  return join(folder, `${name}${ASIDE}`);
}

function publicKeyIn(file: string): KeyObject | null {
  try {
    return createPublicKey(createPrivateKey(readFileSync(file)));
  } catch {
    return null;
  }
}
