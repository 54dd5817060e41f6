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
  /** How those of components begin, which the runtime hands to instances. */
  readonly components: readonly string[];
}

type Referring = Pick<Platform, 'store' | 'webhooks' | 'environments' | 'signing'>;

export function secretVariablesOf({ store, webhooks, environments, signing }: Referring): SecretVariables {
  const references = webhooks.receivers.flatMap(({ url, secret }) => [url, secret]);
  const deployers = Object.entries(environments).map(([name, { prometheus }]) => [name, named([prometheus?.token])]);
  return {
    store: named('registry' in store ? [store.username, store.password, store.token] : []),
    orchestrator: named(references),
    deployers: Object.fromEntries(deployers),
    signing: named([signing.orchestrator, signing.builder, ...Object.values(signing.deployers)]),
    components: [...new Set(prefixesOf(environments).map(([, prefix]) => prefix))],
  };
}

function named(references: readonly unknown[]): readonly string[] {
  return references.flatMap((reference) => {
    const variable = (reference as { readonly env?: unknown } | undefined)?.env;
    return typeof variable === 'string' ? [variable] : [];
  });
}

/** An environment whose components would have what is not theirs. */
export interface Overlap {
  readonly environment: string;
  readonly expected: string;
}

/** Prefixes with which a component of one environment could ask for another's secret, or for the platform's own. */
export function overlapsIn(referring: Referring): readonly Overlap[] {
  const prefixes = prefixesOf(referring.environments);
  const { store, orchestrator, deployers, signing } = secretVariablesOf(referring);
  const own = [...store, ...orchestrator, ...Object.values(deployers).flat(), ...signing];
  return prefixes.flatMap(([environment, prefix]) => {
    const [other] = prefixes.find(([, longer]) => longer !== prefix && longer.startsWith(prefix)) ?? [];
    if (other !== undefined) return [{ environment, expected: `none with which those of ${other} begin too` }];
    const variable = own.find((name) => name.startsWith(prefix));
    return variable === undefined ? [] : [{ environment, expected: `none with which ${variable} begins too` }];
  });
}

function prefixesOf(environments: Platform['environments']): readonly (readonly [string, string])[] {
  return Object.entries(environments).flatMap(([name, { secrets }]) =>
    secrets !== undefined && 'variables' in secrets ? [[name, secrets.variables] as const] : [],
  );
}
