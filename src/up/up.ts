import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { pathsOf, type LoadedPlatform } from '../config/load.ts';
import { SlipwayError } from '../contract/failure.ts';
import { lockFolder } from '../locks/folder.ts';
import { connect } from '../temporal/connection.ts';
import { devServer } from '../temporal/dev-server.ts';
import { findServer, type FoundServer } from '../temporal/find-server.ts';
import { compiledFolder } from '../temporal/installation.ts';
import type { TemporalLocation } from '../temporal/location.ts';
import { registerSearchAttributes } from '../temporal/search-attributes.ts';
import { holderName } from '../signing/choice.ts';
import { whyNotApart } from './apart.ts';
import {
  environmentFor,
  runtimeProcess,
  serverProcess,
  withoutSecrets,
  workerProcesses,
  type Separation,
} from './processes.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';
import { removeUpFile, writeUpFile } from './up-file.ts';
import { openWorkerKeys, type WorkerKeys } from './worker-keys.ts';

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
 * starts the runtime and the workers, each with its own key, and keeps all of them running. Resolves when all are ready
 * and `up.json` says so.
 * @throws ALREADY_UP when another `up` runs on this folder; SERVER_MISSING when no server is found; KEY_UNAVAILABLE when a
 * worker has no key, or workers cannot be kept from each other's; the `absence` code of a process that does not become
 * ready. Nothing is left running then.
 */
export async function startPlatform(options: UpOptions): Promise<RunningPlatform> {
  const { loaded, report, signal } = options;
  const { state } = pathsOf(loaded);
  const lock = await lockFolder(state);
  const supervisor = createSupervisor({ logs: join(state, 'logs'), report });
  const closing = new AbortController();
  const close = async (): Promise<void> => {
    closing.abort();
    await removeUpFile(state);
    await supervisor.close();
    await lock.release();
  };
  signal?.addEventListener('abort', () => void supervisor.close(), { once: true });
  try {
    const { keys, ...platform } = await startAll(options, supervisor);
    signal?.throwIfAborted();
    const { location, ui } = platform;
    await writeUpFile(state, {
      address: location.address,
      ui,
      namespace: location.namespace,
      pid: process.pid,
      environments: Object.keys(loaded.platform.environments),
    });
    void takeUpNewKeys(keys, supervisor, report, closing.signal);
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

async function startAll(options: UpOptions, supervisor: Supervisor): Promise<Reached & { readonly keys: WorkerKeys }> {
  const { loaded, env, logger, report, compiled = compiledFolder() } = options;
  const found = await findServer({ env: withoutSecrets(loaded, env), report });
  report(found.line);
  const keys = await openWorkerKeys(loaded, env, report);
  const separation = await separate(options, keys);
  const reached = await reachServer(found, options, supervisor, separation);
  await prepare(reached.location);
  logger.info({ address: reached.location.address }, 'temporal is ready');

  report('Starting the runtime and the workers');
  await supervisor.start(runtimeProcess(loaded, reached.env, compiled, separation));
  const workers = workerProcesses(loaded, reached.env, compiled, separation, (holder) => keys.handOver(holder));
  await Promise.all(workers.map((worker) => supervisor.start(worker)));
  logger.info({ pids: Object.fromEntries(supervisor.pids()) }, 'platform is ready');
  return { ...reached, keys };
}

async function reachServer(
  found: FoundServer,
  { loaded, env }: UpOptions,
  supervisor: Supervisor,
  separation: Separation,
): Promise<Reached> {
  if (found.kind === 'existing') return { location: found.location, ui: null, env };
  const server = await devServer(found.path, pathsOf(loaded).state);
  const itsEnv = environmentFor(server, env);
  await supervisor.start(serverProcess(server, withoutSecrets(loaded, itsEnv), separation));
  return { location: server.location, ui: server.ui, env: itsEnv };
}

/** Milliseconds from a rotation to its worker's new start, at most, while that worker is not busy. */
const LOOK_EVERY = 1_000;

/** A worker is handed its key when it starts: one that has a new key is started again, and repeats what it was at. */
async function takeUpNewKeys(
  keys: WorkerKeys,
  supervisor: Supervisor,
  report: (line: string) => void,
  closing: AbortSignal,
): Promise<void> {
  while (!closing.aborted) {
    await delay(LOOK_EVERY, undefined, { signal: closing, ref: false }).catch(() => {});
    if (closing.aborted) return;
    for (const [holder, key] of keys.outdated(report)) {
      report(`${holderName(holder)} signs with ${key} from now on`);
      await supervisor.restart(holderName(holder));
    }
  }
}

/** Whether workers can be kept apart here; where they cannot, the platform file has to say that this is meant. */
async function separate({ loaded, env, report }: UpOptions, { hidden }: WorkerKeys): Promise<Separation> {
  const why = await whyNotApart(hidden.fromWorkers, env);
  if (why === null) return { hidden, isApart: true };
  if (loaded.platform.build.sandbox === 'none') {
    report(`sandbox: none. Workers are not kept from each other's keys (${why}).`);
    return { hidden, isApart: false };
  }
  throw new SlipwayError(
    'KEY_UNAVAILABLE',
    `Workers cannot be kept from each other's keys here (${why}). Allow user namespaces, or run as root on Linux; or give ` +
      'each worker a machine or user of its own (npm run worker -- ROLE); or write `build: { sandbox: none }` into platform.yaml.',
  );
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
