import { createBytesVerifier, type BytesDeps } from './bytes.ts';
import { createIntegrationVerifier, type IntegrationDeps } from './integration.ts';
import { createSecretsVerifier, type SecretsDeps } from './secrets.ts';
import type { Verifier } from './verifier.ts';

/** All verifiers, in their order: the bytes first, as all else is said of them; last the scan, which runs beside them. */
export function createVerifiers(deps: BytesDeps & IntegrationDeps & SecretsDeps): readonly Verifier[] {
  return [createBytesVerifier(deps), createIntegrationVerifier(deps), createSecretsVerifier(deps)];
}
