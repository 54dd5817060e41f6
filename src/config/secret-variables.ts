import type { Platform } from './platform.ts';

/** The variables that a platform file refers to for secrets, by who may have them: no process is given another's. */
export interface SecretVariables {
  /** Those of the store, which everybody has who reads or writes there. */
  readonly store: readonly string[];
  /** Those of webhooks, which the orchestrator sends. */
  readonly orchestrator: readonly string[];
  /** Those of an environment, which its deployer has. */
  readonly deployers: Readonly<Record<string, readonly string[]>>;
  /** Those of private keys: `slipway up` reads them, and hands each worker its own in another way. */
  readonly signing: readonly string[];
}

export function secretVariablesOf({ store, webhooks, environments, signing }: Platform): SecretVariables {
  const references = webhooks.receivers.flatMap(({ url, secret }) => [url, secret]);
  const deployers = Object.entries(environments).map(([name, { prometheus }]) => [name, named([prometheus?.token])]);
  return {
    store: named('registry' in store ? [store.username, store.password, store.token] : []),
    orchestrator: named(references),
    deployers: Object.fromEntries(deployers),
    signing: named([signing.orchestrator, signing.builder, ...Object.values(signing.deployers)]),
  };
}

function named(references: readonly unknown[]): readonly string[] {
  return references.flatMap((reference) => {
    const variable = (reference as { readonly env?: unknown } | undefined)?.env;
    return typeof variable === 'string' ? [variable] : [];
  });
}
