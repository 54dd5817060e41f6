import { join } from 'node:path';
import { pathsOf, type LoadedPlatform } from '../config/load.ts';
import { secretVariablesOf, type SecretVariables } from '../config/secret-variables.ts';
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
 * The local runtime, which alone has the variables of components' secrets. On SIGTERM it stops its instances one after the other, each within its grace time, so it is given
 * long: killed, it would leave them running.
 * @param compiled folder of the compiled code.
 */
export function runtimeProcess(loaded: LoadedPlatform, env: NodeJS.ProcessEnv, compiled: string): ChildSpec {
  const folder = join(pathsOf(loaded).state, 'runtime');
  return {
    name: 'runtime',
    command: process.execPath,
    args: [join(compiled, 'src', 'runtime', 'local', 'main.js'), '--folder', folder, '--config', loaded.file],
    env: withoutSecrets(loaded, env, ({ components }, name) => components.some((prefix) => name.startsWith(prefix))),
    ready: 'line',
    absence: 'RUNTIME_UNAVAILABLE',
    stopWithin: 60_000,
  };
}

/**
 * The workers: one orchestrator, one builder, and a deployer for each environment, which holds that environment's
 * credentials and no other's. The builder, which runs components' code, has none.
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
    env: withoutSecrets(loaded, env, (_, variable) => own.includes(variable)),
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

/** An environment without the variables that the platform file refers to for secrets, but for a process's own. */
export function withoutSecrets(
  { platform }: LoadedPlatform,
  env: NodeJS.ProcessEnv,
  isOwn: (variables: SecretVariables, name: string) => boolean = () => false,
): NodeJS.ProcessEnv {
  const variables = secretVariablesOf(platform);
  const { orchestrator, deployers, components } = variables;
  const named = new Set([orchestrator, ...Object.values(deployers)].flat());
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
