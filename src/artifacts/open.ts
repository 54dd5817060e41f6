import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathsOf, type LoadedPlatform } from '../config/load.ts';
import type { RegistryConfig } from '../config/store.ts';
import { SlipwayError } from '../contract/failure.ts';
import { isLoopback, registryAddress } from '../registry/address.ts';
import type { Credentials } from '../registry/authorization.ts';
import { resolveSecret, type SecretPlaces } from '../secrets/resolve.ts';
import type { Notary } from '../signing/notary.ts';
import { createLayoutStore } from './layout.ts';
import type { RegistryStoreOptions } from './registry.ts';
import type { ArtifactStore } from './store.ts';

export interface StoreDeps {
  /** Where credentials are taken from, each time that the registry asks for them. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Nobody unless given. */
  readonly notary?: Notary;
}

type Loaded = Pick<LoadedPlatform, 'platform' | 'folder'>;

/**
 * The store that a platform names: on disk, or in a registry. Nothing is asked of it yet.
 * @throws FILE_INVALID when the certificates that it names cannot be read
 */
export async function openStore(loaded: Loaded, { env, notary }: StoreDeps): Promise<ArtifactStore> {
  const { store } = loaded.platform;
  const by = notary === undefined ? {} : { notary };
  if (!('registry' in store)) return createLayoutStore({ path: pathsOf(loaded).store, ...by });
  return await createRegistry({ ...registryOf(loaded, store, env), ...by });
}

/** Loaded late: most stores are on disk, and every process starts with one. */
async function createRegistry(options: RegistryStoreOptions): Promise<ArtifactStore> {
  const { createRegistryStore } = await import('./registry.ts');
  return createRegistryStore(options);
}

/** How the registry of a platform is reached. @throws FILE_INVALID */
export function registryOf(
  loaded: Loaded,
  config: RegistryConfig,
  env: Readonly<NodeJS.ProcessEnv>,
): RegistryStoreOptions {
  return {
    address: registryAddress(config.registry),
    credentials: () => credentialsOf(config, { env, folder: loaded.folder }),
    ca: certificatesOf(config, loaded.folder),
    holding: join(pathsOf(loaded).state, 'uploads'),
  };
}

export interface PlaceDeps {
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Whose registry is let into by its own credentials; null where there is none. */
  readonly loaded: Loaded | null;
  /** Which end of a copy it is: `SLIPWAY_FROM_USERNAME` and so on say what lets us into another registry. */
  readonly end: 'FROM' | 'TO';
}

/** The store at a path, or at an address. @throws USAGE, FILE_INVALID */
export async function openStoreAt(text: string, { env, loaded, end }: PlaceDeps): Promise<ArtifactStore> {
  if (!/^https?:/i.test(text)) return createLayoutStore({ path: resolve(text) });
  const address = registryAddress(text);
  if (loaded !== null && 'registry' in loaded.platform.store) {
    const own = registryAddress(loaded.platform.store.registry);
    if (own.origin === address.origin && own.prefix === address.prefix) return await openStore(loaded, { env });
  }
  const { [`SLIPWAY_${end}_USERNAME`]: username, [`SLIPWAY_${end}_PASSWORD`]: password } = env;
  const { [`SLIPWAY_${end}_TOKEN`]: token, [`SLIPWAY_${end}_CA`]: file } = env;
  const basic = username !== undefined && password !== undefined ? { username, password } : null;
  const credentials: Credentials | null = token === undefined ? basic : { token };
  const origin = new URL(address.origin);
  if (credentials !== null && origin.protocol === 'http:' && !isLoopback(origin)) {
    throw new SlipwayError('USAGE', `${address.origin}: credentials are sent over https only`);
  }
  return await createRegistry({
    address,
    credentials: async () => credentials,
    ca: file === undefined ? undefined : certificatesOf({ registry: text, ca: { file } }, ''),
    holding: join(tmpdir(), 'slipway-uploads'),
  });
}

/** What the platform's registry lets us in by. @throws SECRET_UNAVAILABLE */
async function credentialsOf(
  { username, password, token }: RegistryConfig,
  places: SecretPlaces,
): Promise<Credentials | null> {
  if (token !== undefined) return { token: await resolveSecret(token, 'store.token', places) };
  if (username === undefined || password === undefined) return null;
  return {
    username: await resolveSecret(username, 'store.username', places),
    password: await resolveSecret(password, 'store.password', places),
  };
}

/** PEM certificates, or undefined for those of the system. @throws FILE_INVALID */
function certificatesOf({ ca }: RegistryConfig, folder: string): string | undefined {
  if (ca === undefined) return undefined;
  try {
    return readFileSync(resolve(folder, ca.file), 'utf8');
  } catch (cause) {
    const { code = 'unreadable' } = cause as NodeJS.ErrnoException;
    const message = `store.ca: ${ca.file} cannot be read (${code}); put the certificates of the registry's authority there`;
    throw new SlipwayError('FILE_INVALID', message, { cause });
  }
}
