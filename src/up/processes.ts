import { join } from 'node:path';
import { pathsOf, type LoadedPlatform } from '../config/load.ts';
import { secretVariablesOf, type SecretVariables } from '../config/secret-variables.ts';
import { untilServing, type DevServer } from '../temporal/dev-server.ts';
import { holderName, holdersOf, type Holder } from '../signing/choice.ts';
import type { Hidden } from './apart.ts';
import type { ChildSpec } from './child.ts';

/** How processes are kept from each other's keys. */
export interface Separation {
  readonly hidden: { readonly fromWorkers: Hidden; readonly fromOthers: Hidden };
  /** False where no namespace can be made, and the platform file lets that be. */
  readonly isApart: boolean;
}

/** The development server, when `up` starts one. It is given no secret. */
export function serverProcess(server: DevServer, env: NodeJS.ProcessEnv, separation: Separation): ChildSpec {
  return {
    name: 'temporal',
    command: server.command,
    args: server.args,
    env,
    place: placeOf(separation, 'fromOthers'),
    ready: (signal) => untilServing(server.location, signal),
    absence: 'TEMPORAL_UNAVAILABLE',
    stopWithin: 5_000,
  };
}

/**
 * The local runtime, which alone is given the variables of components' secrets. On SIGTERM it stops its instances one
 * after the other, each within its grace time, so it is given long: killed, it would leave them running. It signs nothing
 * and is given no key. It stays in our user namespace, where alone it finds again the instances that an earlier one left:
 * an ordinary user then cannot hide the keys from it, and it hides them from its instances itself.
 * @param compiled folder of the compiled code.
 */
export function runtimeProcess(
  loaded: LoadedPlatform,
  env: NodeJS.ProcessEnv,
  compiled: string,
  { hidden, isApart }: Separation,
): ChildSpec {
  const folder = join(pathsOf(loaded).state, 'runtime');
  return {
    name: 'runtime',
    command: process.execPath,
    args: [join(compiled, 'src', 'runtime', 'local', 'main.js'), '--folder', folder, '--config', loaded.file],
    env: withoutSecrets(
      loaded,
      env,
      ({ store, components }, name) => store.includes(name) || components.some((prefix) => name.startsWith(prefix)),
    ),
    place: isApart && process.getuid?.() === 0 ? { apartness: 'mounts', hidden: hidden.fromOthers } : undefined,
    ready: 'line',
    absence: 'RUNTIME_UNAVAILABLE',
    stopWithin: 60_000,
  };
}

/**
 * The workers: one orchestrator, one builder, and a deployer for each environment, which holds that environment's
 * credentials and no other's. The builder, which runs components' code, has none but the key that it signs with,
 * and what lets all of us into the store. Each is
 * handed its own key when it starts, and runs where no other's can be read.
 * @param handOver the private key of a holder
 */
export function workerProcesses(
  loaded: LoadedPlatform,
  env: NodeJS.ProcessEnv,
  compiled: string,
  separation: Separation,
  handOver: (holder: Holder) => string,
): readonly ChildSpec[] {
  const secrets = secretVariablesOf(loaded.platform);
  const place = placeOf(separation, 'fromWorkers');
  const worker = (holder: Holder, own: readonly string[] = []): ChildSpec => ({
    name: holderName(holder),
    command: process.execPath,
    args: [
      join(compiled, 'workers', `${holder.role}.js`),
      '--config',
      loaded.file,
      ...(holder.environment === null ? [] : ['--environment', holder.environment]),
    ],
    place,
    handOver: () => handOver(holder),
    env: withoutSecrets(loaded, env, ({ store }, variable) => own.includes(variable) || store.includes(variable)),
    ready: 'line',
    absence: 'NO_WORKER',
    stopWithin: 15_000,
  });
  return holdersOf(Object.keys(loaded.platform.environments)).map((holder) => {
    if (holder.environment !== null) return worker(holder, secrets.deployers[holder.environment]);
    return worker(holder, holder.role === 'orchestrator' ? secrets.orchestrator : []);
  });
}

function placeOf({ hidden, isApart }: Separation, whom: keyof Separation['hidden']): ChildSpec['place'] {
  return isApart ? { apartness: 'namespaces', hidden: hidden[whom] } : undefined;
}

/** An environment without the variables that the platform file refers to for secrets, but for a process's own. */
export function withoutSecrets(
  { platform }: LoadedPlatform,
  env: NodeJS.ProcessEnv,
  isOwn: (variables: SecretVariables, name: string) => boolean = () => false,
): NodeJS.ProcessEnv {
  const variables = secretVariablesOf(platform);
  const { store, orchestrator, deployers, signing, components } = variables;
  const named = new Set([store, orchestrator, ...Object.values(deployers), signing].flat());
  const isSecret = (name: string): boolean => named.has(name) || components.some((prefix) => name.startsWith(prefix));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isSecret(name) || isOwn(variables, name)));
}

/**
 * The environment in which workers find the server that `up` started: `env` names no address (else none would have been
 * started), and whatever else it says of Temporal belongs to another server.
 */
export function environmentFor(server: DevServer, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const others = Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  const { address, namespace } = server.location;
  return { ...Object.fromEntries(others), TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
}
