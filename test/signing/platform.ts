import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPlatform, type LoadedPlatform } from '../../src/config/load.ts';
import { keyFolderOf, type KeyFolder } from '../../src/signing/key-folder.ts';

export const PLATFORM = `apiVersion: slipway/v1
sources: [{ name: shop, url: ./shop }]
environments: { staging: {}, production: {} }
`;

/** A platform file in a folder of its own, and a key folder beside it. */
export interface KeyedPlatform {
  readonly folder: string;
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
  readonly keys: KeyFolder;
  readonly load: () => Promise<LoadedPlatform>;
  /** The file that holds the trust policy, as text. */
  readonly text: () => Promise<string>;
  readonly write: (text: string) => Promise<void>;
  readonly remove: () => Promise<void>;
}

export async function keyedPlatform(text = PLATFORM): Promise<KeyedPlatform> {
  const top = await mkdtemp(join(tmpdir(), 'slipway-keys-'));
  const folder = await mkdtemp(join(top, 'platform-'));
  const file = join(folder, 'platform.yaml');
  await writeFile(file, text);
  const env = { SLIPWAY_KEYS: join(top, 'keys'), PATH: process.env['PATH'] };
  const keys = keyFolderOf(folder, env);
  return {
    folder,
    file,
    env,
    keys,
    load: () => loadPlatform(file),
    text: async () => await readFile(file, 'utf8'),
    write: (changed) => writeFile(file, changed),
    remove: () => rm(top, { recursive: true, force: true }),
  };
}
