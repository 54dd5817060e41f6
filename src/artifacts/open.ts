import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathsOf, type LoadedPlatform } from '../config/load.ts';
import type { RegistryConfig } from '../config/store.ts';
import { SlipwayError } from '../contract/failure.ts';
import { registryAddress } from '../registry/address.ts';
import type { Credentials } from '../registry/authorization.ts';
import { resolveSecret, type SecretPlaces } from '../secrets/resolve.ts';
import type { Notary } from '../signing/notary.ts';
import { createLayoutStore } from './layout.ts';
import { createRegistryStore } from './registry.ts';
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
export function openStore(loaded: Loaded, { env, notary }: StoreDeps): ArtifactStore {
  const { state, store: path } = pathsOf(loaded);
  const { store } = loaded.platform;
  const by = notary === undefined ? {} : { notary };
  if (!('registry' in store)) return createLayoutStore({ path, ...by });
  return createRegistryStore({
    address: registryAddress(store.registry),
    credentials: () => credentialsOf(store, { env, folder: loaded.folder }),
    ca: certificatesOf(store, loaded.folder),
    holding: join(state, 'uploads'),
    ...by,
  });
}

/** What the platform's registry lets us in by. @throws SECRET_UNAVAILABLE */
export async function credentialsOf(
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
export function certificatesOf({ ca }: RegistryConfig, folder: string): string | undefined {
  if (ca === undefined) return undefined;
  try {
    return readFileSync(resolve(folder, ca.file), 'utf8');
  } catch (cause) {
    const { code = 'unreadable' } = cause as NodeJS.ErrnoException;
    const message = `store.ca: ${ca.file} cannot be read (${code}); put the certificates of the registry's authority there`;
    throw new SlipwayError('FILE_INVALID', message, { cause });
  }
}
