import type { Manifest } from '../config/manifest.ts';
import type { Environment } from '../config/platform.ts';
import { SlipwayError } from '../contract/failure.ts';

/**
 * Said by change intake as soon as the manifest is known.
 * @throws SECRET_MISSING when a component asks for secrets, and its environment declares none
 */
export function refuseUndeclaredSecrets(
  name: string,
  { secrets }: Pick<Environment, 'secrets'>,
  { run }: Pick<Manifest, 'run'>,
): void {
  if (secrets !== undefined) return;
  for (const value of Object.values(run.env)) {
    if (typeof value === 'object' && 'secret' in value) throw undeclared(name, value.secret);
  }
}

export function undeclared(environment: string, secret: string): SlipwayError {
  const prefix = `${environment.replaceAll('-', '_').toUpperCase()}_`;
  const todo = `write environments.${environment}.secrets in platform.yaml, { folder: ./secrets/${environment} } or { variables: ${prefix} }, and start \`slipway up\` again`;
  return missing(environment, secret, `and ${environment} declares no secrets; ${todo}`);
}

export function missing(environment: string, secret: string, why: string): SlipwayError {
  return new SlipwayError('SECRET_MISSING', `run.env asks for the secret ${secret} of ${environment}, ${why}`);
}
