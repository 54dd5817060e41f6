import { join } from 'node:path';
import type { Logger } from 'pino';
import { pathsOf, type LoadedPlatform } from '../config/load.ts';
import { connect } from '../temporal/connection.ts';
import { devServer } from '../temporal/dev-server.ts';
import { findServer } from '../temporal/find-server.ts';
import { compiledFolder } from '../temporal/installation.ts';
import type { TemporalLocation } from '../temporal/location.ts';
import { registerSearchAttributes } from '../temporal/search-attributes.ts';
import { lockFolder } from './lock.ts';
import { environmentFor, runtimeProcess, serverProcess, withoutSecrets, workerProcesses } from './processes.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';
import { removeUpFile, writeUpFile } from './up-file.ts';

export interface UpOptions {
  readonly loaded: LoadedPlatform;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
  /** Told, for people, what is going on: a line each, for stderr. */
  readonly report: (line: string) => void;
  /** Ends the start; what runs by then is stopped. */
  readonly signal?: AbortSignal;
  /** Folder of the compiled code whose processes are started; that of this installation unless given. */
  readonly compiled?: string;
}

/** A platform of which everything is ready. */
export interface RunningPlatform {
  readonly location: TemporalLocation;
  /** Address of the Temporal UI; null when the server is somebody else's. */
  readonly ui: string | null;
  /** `ready <server address> <UI address>`, for stdout; `-` for a UI address that is not known. */
  readonly readyLine: string;
  /** Process ids of what runs now, by name. */
  pids(): ReadonlyMap<string, number>;
  /** Stops everything that was started, instances too, in reverse order; the next `up` brings back what was live. */
  close(): Promise<void>;
}

/**
 * Starts a platform: finds a Temporal server, starts it unless it runs already, registers the search attributes, then
 * starts the runtime and the workers, and keeps all of them running. Resolves when all are ready and `up.json` says so.
 * @throws ALREADY_UP when another `up` runs on this folder; SERVER_MISSING when no server is found; the `absence` code of
 * a process that does not become ready. Nothing is left running then.
 */
export async function startPlatform(options: UpOptions): Promise<RunningPlatform> {
  const { loaded, report, signal } = options;
  const { state } = pathsOf(loaded);
  const lock = await lockFolder(state);
  const supervisor = createSupervisor({ logs: join(state, 'logs'), report });
  const close = async (): Promise<void> => {
    await removeUpFile(state);
    await supervisor.close();
    await lock.release();
  };
  signal?.addEventListener('abort', () => void supervisor.close(), { once: true });
  try {
    const platform = await startAll(options, supervisor);
    signal?.throwIfAborted();
    const { location, ui } = platform;
    await writeUpFile(state, {
      address: location.address,
      ui,
      namespace: location.namespace,
      pid: process.pid,
      environments: Object.keys(loaded.platform.environments),
    });
    const readyLine = `ready ${location.address} ${ui ?? '-'}`;
    return { ...platform, readyLine, pids: () => supervisor.pids(), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Reached {
  readonly location: TemporalLocation;
  readonly ui: string | null;
  /** The environment in which workers find it. */
  readonly env: NodeJS.ProcessEnv;
}

async function startAll(options: UpOptions, supervisor: Supervisor): Promise<Reached> {
  const { loaded, logger, report, compiled = compiledFolder() } = options;
  const reached = await reachServer(options, supervisor);
  await prepare(reached.location);
  logger.info({ address: reached.location.address }, 'temporal is ready');

  report('Starting the runtime and the workers');
  await supervisor.start(runtimeProcess(loaded, reached.env, compiled));
  await Promise.all(workerProcesses(loaded, reached.env, compiled).map((worker) => supervisor.start(worker)));
  logger.info({ pids: Object.fromEntries(supervisor.pids()) }, 'platform is ready');
  return reached;
}

async function reachServer({ loaded, env, report }: UpOptions, supervisor: Supervisor): Promise<Reached> {
  const found = await findServer({ env: withoutSecrets(loaded, env), report });
  report(found.line);
  if (found.kind === 'existing') return { location: found.location, ui: null, env };
  const server = await devServer(found.path, pathsOf(loaded).state);
  const itsEnv = environmentFor(server, env);
  await supervisor.start(serverProcess(server, withoutSecrets(loaded, itsEnv)));
  return { location: server.location, ui: server.ui, env: itsEnv };
}

/** Before anything runs: a workflow that sets an attribute which is not registered fails its task for ever. */
async function prepare(location: TemporalLocation): Promise<void> {
  const connection = await connect(location);
  try {
    await registerSearchAttributes(connection, location.namespace);
  } finally {
    await connection.close();
  }
}
