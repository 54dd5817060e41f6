import { resolve } from 'node:path';
import { SECRET_NAME, type SecretsProvider } from '../config/component-secrets.ts';
import { SlipwayError } from '../contract/failure.ts';
import { createFolderProvider } from './folder.ts';
import { missing, undeclared } from './missing.ts';
import { LARGEST_SECRET, type SecretProvider } from './provider.ts';
import type { SecretPlaces } from './resolve.ts';
import { createVariablesProvider } from './variables.ts';

/** The secrets of all environments of a platform: each environment's own, and no other's. */
export interface ComponentSecrets {
  /**
   * What a secret is, at this moment; one line end at its end does not count.
   * @throws SECRET_MISSING when there is none, naming it, the environment, and where it was looked for
   * @throws SECRET_UNAVAILABLE when that cannot be told
   */
  read(environment: string, secret: string): Promise<string>;
}

/** The environments of a platform file, as far as this goes. */
export type Environments = Readonly<Record<string, { readonly secrets?: SecretsProvider | undefined }>>;

/** @param places the variables and the folder that the platform file speaks of */
export function createComponentSecrets(environments: Environments, places: SecretPlaces): ComponentSecrets {
  const providers = new Map(
    Object.entries(environments).flatMap(([name, { secrets }]) =>
      secrets === undefined ? [] : [[name, providerOf(secrets, places)] as const],
    ),
  );
  return {
    async read(environment, secret) {
      const provider = providers.get(environment);
      if (provider === undefined) throw undeclared(environment, secret);
      if (!SECRET_NAME.test(secret)) {
        throw missing(environment, secret, 'which is no name of a secret; correct run.env in slipway.yaml');
      }
      const place = provider.placeOf(secret);
      const value = (await provider.read(secret))?.replace(/\r?\n$/, '');
      if (value === undefined) throw missing(environment, secret, `looked for at ${place}; put it there`);
      if (value === '') throw missing(environment, secret, `which is empty at ${place}; put it there`);
      if (value.includes('\0') || Buffer.byteLength(value) > LARGEST_SECRET) {
        throw new SlipwayError(
          'SECRET_UNAVAILABLE',
          `${place}: found what no variable can hold (a NUL character, or more than 64 KiB); encode it, or give less`,
        );
      }
      return value;
    },
  };
}

function providerOf(secrets: SecretsProvider, { env, folder }: SecretPlaces): SecretProvider {
  return 'folder' in secrets
    ? createFolderProvider(resolve(folder, secrets.folder))
    : createVariablesProvider(secrets.variables, env);
}
