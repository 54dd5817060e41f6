import { join } from 'node:path';
import { pathsOf, type LoadedPlatform } from '../config/load.ts';
import { secretVariablesOf } from '../config/secret-variables.ts';
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
 * The local runtime. On SIGTERM it stops its instances one after the other, each within its grace time, so it is given
 * long: killed, it would leave them running. It signs nothing and is given no key. It stays in our user namespace, where
 * alone it finds again the instances that an earlier one left: an ordinary user then cannot hide the keys from it, and
 * it hides them from its instances itself.
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
    env,
    place: isApart && process.getuid?.() === 0 ? { apartness: 'mounts', hidden: hidden.fromOthers } : undefined,
    ready: 'line',
    absence: 'RUNTIME_UNAVAILABLE',
    stopWithin: 60_000,
  };
}

/**
 * The workers: one orchestrator, one builder, and a deployer for each environment, which holds that environment's
 * credentials and no other's. The builder, which runs components' code, has none but the key that it signs with. Each is
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
  const all = [secrets.orchestrator, ...Object.values(secrets.deployers), secrets.signing].flat();
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
    env: without(env, new Set(all.filter((variable) => !own.includes(variable)))),
    ready: 'line',
    absence: 'NO_WORKER',
    stopWithin: 15_000,
  });
  return holdersOf(Object.keys(loaded.platform.environments)).map((holder) => {
    if (holder.environment !== null) return worker(holder, secrets.deployers[holder.environment]);
    return worker(holder, holder.role === 'orchestrator' ? secrets.orchestrator : []);
  });
}

/** Without the variables that hold secrets of workers: for what is no worker. */
export function withoutSecrets({ platform }: LoadedPlatform, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { orchestrator, deployers, signing } = secretVariablesOf(platform);
  return without(env, new Set([orchestrator, ...Object.values(deployers), signing].flat()));
}

function placeOf({ hidden, isApart }: Separation, whom: keyof Separation['hidden']): ChildSpec['place'] {
  return isApart ? { apartness: 'namespaces', hidden: hidden[whom] } : undefined;
}

function without(env: NodeJS.ProcessEnv, names: ReadonlySet<string>): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.has(name)));
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
