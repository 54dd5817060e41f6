import { join } from 'node:path';
import { pathsOf, type LoadedPlatform } from '../config/load.ts';
import { secretVariablesOf } from '../config/secret-variables.ts';
import { untilServing, type DevServer } from '../temporal/dev-server.ts';
import type { ChildSpec } from './child.ts';

/** The development server, when `up` starts one. */
export function serverProcess(server: DevServer, env: NodeJS.ProcessEnv): ChildSpec {
  return {
    name: 'temporal',
    command: server.command,
    args: server.args,
    env,
    ready: (signal) => untilServing(server.location, signal),
    absence: 'TEMPORAL_UNAVAILABLE',
    stopWithin: 5_000,
  };
}

/**
 * The local runtime. On SIGTERM it stops its instances one after the other, each within its grace time, so it is given
 * long: killed, it would leave them running.
 * @param compiled folder of the compiled code.
 */
export function runtimeProcess(loaded: LoadedPlatform, env: NodeJS.ProcessEnv, compiled: string): ChildSpec {
  const folder = join(pathsOf(loaded).state, 'runtime');
  return {
    name: 'runtime',
    command: process.execPath,
    args: [join(compiled, 'src', 'runtime', 'local', 'main.js'), '--folder', folder, '--config', loaded.file],
    env: withOnly([], loaded, env),
    ready: 'line',
    absence: 'RUNTIME_UNAVAILABLE',
    stopWithin: 60_000,
  };
}

/**
 * The workers: one orchestrator, one builder, and a deployer for each environment, which holds that environment's
 * credentials and no other's. The builder, which runs components' code, has none but the store's.
 */
export function workerProcesses(
  loaded: LoadedPlatform,
  env: NodeJS.ProcessEnv,
  compiled: string,
): readonly ChildSpec[] {
  const secrets = secretVariablesOf(loaded.platform);
  const worker = (name: string, role: string, own: readonly string[] = [], ...more: readonly string[]): ChildSpec => ({
    name,
    command: process.execPath,
    args: [join(compiled, 'workers', `${role}.js`), '--config', loaded.file, ...more],
    env: withOnly(own, loaded, env),
    ready: 'line',
    absence: 'NO_WORKER',
    stopWithin: 15_000,
  });
  return [
    worker('orchestrator', 'orchestrator', secrets.orchestrator),
    worker('builder', 'builder'),
    ...Object.keys(loaded.platform.environments).map((environment) =>
      worker(`deployer-${environment}`, 'deployer', secrets.deployers[environment], '--environment', environment),
    ),
  ];
}

/** Of the variables that the platform's secrets stand in, a process has its own and those of the store. */
function withOnly(own: readonly string[], { platform }: LoadedPlatform, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { store, orchestrator, deployers } = secretVariablesOf(platform);
  const others = new Set([orchestrator, ...Object.values(deployers)].flat());
  for (const name of [...own, ...store]) others.delete(name);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !others.has(name)));
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
