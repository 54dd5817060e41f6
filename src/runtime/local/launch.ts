import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Target } from '../../contract/target.ts';
import type { Midway } from '../../failpoints.ts';
import type { Isolation } from '../driver.ts';
import { confine, MINIMAL_PATH } from './isolation.ts';
import { firstChildOf, identify, signal as send, type ProcessIdentity } from '../../process.ts';
import type { GivenSecrets, InstanceSecrets } from './secrets.ts';
import type { UnpackedArtifact } from './unpacked.ts';

/** What an instance is made of. */
export interface InstanceSpec {
  readonly target: Target;
  readonly artifact: UnpackedArtifact;
  readonly instanceFolder: string;
  /** Null for an agent. */
  readonly port: number | null;
  /** The manifest's environment, addresses resolved, without its secrets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: InstanceSecrets;
}

/** An instance as it is started: with what its secrets are. */
export type GivenSpec = InstanceSpec & { readonly given: GivenSecrets };

/** An instance's own files: they come with it and go with it. */
export interface InstanceHome {
  readonly id: string;
  readonly folder: string;
  /** The part of it that the instance may write. */
  readonly shared: string;
  readonly heartbeat: string;
  readonly status: string;
}

export function homeOf(runtimeFolder: string, id: string): InstanceHome {
  const folder = join(runtimeFolder, 'run', id);
  const shared = join(folder, 'shared');
  return { id, folder, shared, heartbeat: join(shared, 'heartbeat'), status: join(folder, 'status') };
}

/** How a runtime confines what it starts. */
export interface Confining {
  readonly isolation: Isolation;
  readonly hidden: readonly string[];
}

/** The processes that stand for an instance: see `InstanceRecord`. */
export interface InstanceProcesses {
  readonly init: ProcessIdentity;
  readonly main: ProcessIdentity;
}

/** Starts an instance that outlives this process; midway it runs, and only the mark in its environment says whose it is. */
export function launch(
  confining: Confining,
  home: InstanceHome,
  { log, ...spec }: GivenSpec & { readonly log: string },
  midway: Midway,
): ChildProcess {
  mkdirSync(home.shared, { recursive: true });
  mkdirSync(dirname(log), { recursive: true });
  // Files, not pipes: an instance outlives the runtime, and would die of a pipe that nobody reads.
  const output = openSync(log, 'a', 0o600);
  const status = openSync(home.status, 'w');
  try {
    const child = start(confining, home, spec, { command: spec.artifact.manifest.run.command, output, status });
    midway();
    return child;
  } finally {
    closeSync(output);
    closeSync(status);
  }
}

/** Runs a short command as the instance itself would run it, and ends it with `signal`. Resolves with its {@link exitOf}. */
export async function runBeside(
  confining: Confining,
  home: InstanceHome,
  spec: GivenSpec,
  how: { readonly command: readonly string[]; readonly signal: AbortSignal },
): Promise<number | string> {
  const nowhere = openSync(devNull, 'w');
  try {
    const child = start(confining, home, spec, { ...how, output: nowhere, status: nowhere });
    const exit = await exitOf(child);
    if (child.pid !== undefined) send(-child.pid, 'SIGKILL');
    return exit;
  } finally {
    closeSync(nowhere);
  }
}

function start(
  { isolation, hidden }: Confining,
  home: InstanceHome,
  spec: GivenSpec,
  how: {
    readonly command: readonly string[];
    readonly output: number;
    readonly status: number;
    readonly signal?: AbortSignal;
  },
): ChildProcess {
  const { files } = spec.artifact;
  const { command, args } = confine(isolation, {
    command: how.command,
    files,
    writable: [spec.instanceFolder, home.shared],
    hidden,
    tied: how.signal !== undefined,
  });
  const child = spawn(command, args, {
    cwd: files,
    env: environmentOf(home, spec),
    detached: true,
    stdio: ['ignore', how.output, how.output, how.status],
    ...(how.signal === undefined ? {} : { signal: how.signal, killSignal: 'SIGKILL' }),
  });
  child.unref();
  return child;
}

function environmentOf(home: InstanceHome, spec: GivenSpec): NodeJS.ProcessEnv {
  return {
    ...spec.environment,
    ...spec.given,
    ...(spec.port === null ? { SLIPWAY_HEARTBEAT: home.heartbeat } : { PORT: String(spec.port) }),
    PATH: MINIMAL_PATH,
    SLIPWAY_INSTANCE: home.id,
    SLIPWAY_INSTANCE_DIR: spec.instanceFolder,
  };
}

/** Waits for the confinement to be set up and finds the instance's processes; null when it ended before that. */
export async function locate(
  isolation: Isolation,
  child: ChildProcess,
  home: InstanceHome,
): Promise<InstanceProcesses | null> {
  for (;;) {
    const init = identified(initPid(isolation, child, home));
    const main = isolation === 'none' || init === null ? init : identified(firstChildOf(init.pid));
    if (init !== null && main !== null) return { init, main };
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return null;
    await delay(3);
  }
}

function initPid(isolation: Isolation, child: ChildProcess, home: InstanceHome): number | null {
  if (child.pid === undefined) return null;
  if (isolation === 'none') return child.pid;
  const status = readFileSync(home.status, 'utf8');
  if (isolation === 'unshare') return status.includes('started') ? firstChildOf(child.pid) : null;
  const pid = /"child-pid": ([0-9]+)/.exec(status)?.[1];
  return pid === undefined ? null : Number(pid);
}

function identified(pid: number | null): ProcessIdentity | null {
  return pid === null ? null : identify(pid);
}

/** Its exit code, or the name of the signal that ended it, or why it never began. */
export function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once('exit', (code, name) => resolve(code ?? name ?? 'unknown'));
    child.once('error', (error) => resolve(error.message));
  });
}
