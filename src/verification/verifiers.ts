import { createBytesVerifier, type BytesDeps } from './bytes.ts';
import { createIntegrationVerifier, type IntegrationDeps } from './integration.ts';
import type { Verifier } from './verifier.ts';

/** All verifiers, in their order: the bytes first, as all else is said of them. */
export function createVerifiers(deps: BytesDeps & IntegrationDeps): readonly Verifier[] {
  return [createBytesVerifier(deps), createIntegrationVerifier(deps)];
}
