import type { RuntimeSecrets } from '../../src/runtime/local/secrets.ts';
import { createComponentSecrets, type Environments } from '../../src/secrets/component-secrets.ts';
import { createMask } from '../../src/secrets/mask.ts';

/** The secrets of the environment `staging`: files in `folder`, or as `environments` has it. */
export function secretsIn(
  folder: string,
  environments: Environments = { staging: { secrets: { folder } } },
): RuntimeSecrets {
  return { provider: createComponentSecrets(environments, { env: {}, folder: '/' }), mask: createMask() };
}
