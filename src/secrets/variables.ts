import { variableOf } from '../config/component-secrets.ts';
import type { SecretProvider } from './provider.ts';

/** Secrets as variables whose names begin with `prefix`: `STAGING_STOREFRONT_DATABASE_URL`. */
export function createVariablesProvider(prefix: string, env: Readonly<NodeJS.ProcessEnv>): SecretProvider {
  return {
    placeOf: (secret) => `the variable ${variableOf(prefix, secret)}`,
    read: async (secret) => env[variableOf(prefix, secret)] ?? null,
  };
}
