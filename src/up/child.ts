import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import type { FailureCode } from '../contract/failure.ts';
import { SUPERVISED } from '../parent.ts';
import { apart, mapUsers, MAPPING_FD, type ApartCommand, type Apartness, type Hidden } from './apart.ts';
import { HANDED_OVER, HANDED_OVER_FD } from './handed-over.ts';

/** A process that `slipway up` keeps running. */
export interface ChildSpec {
  /** For people, and of its log: `<logs>/<name>.log`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /**
   * When it is ready: it writes a line that begins with `ready` to stdout, or, for a program that is not ours, this
   * resolves. Such a program does not watch its parent either: it is ended by a shell that does.
   */
  readonly ready: 'line' | ((signal: AbortSignal) => Promise<void>);
  /** Where it runs; among all others unless given. */
  readonly place?: { readonly apartness: Apartness; readonly hidden: Hidden } | undefined;
  /**
   * What it is given to read on a descriptor of its own, whose number stands in {@link HANDED_OVER}: asked for at each
   * start, and never in its environment, its arguments or a file.
   */
  readonly handOver?: (() => string) | undefined;
  /** What it is called when it does not become ready. */
  readonly absence: FailureCode;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly stopWithin: number;
}

/** One run of it. */
export interface Run {
  readonly pid: number | undefined;
  /** Resolves when ready. Says nothing about a process that ends first: race it with `ended`. */
  readonly ready: Promise<void>;
  /** How it ended, in words: `exit code 1`, `signal SIGKILL`. */
  readonly ended: Promise<string>;
  /** SIGTERM, and SIGKILL for its whole group after `stopWithin`. Resolves when it has ended. */
  stop(): Promise<void>;
}

/**
 * Runs `"$@"` under the shell's own process id; the watcher beside it ends it when stdin closes. By way of 3, because a
 * shell gives a background job an empty stdin.
 */
const LEASH = 'exec 3<&0; { cat <&3; kill -TERM $$; } >/dev/null 2>&1 & exec "$@" 3<&- </dev/null';

/** Starts one run. Its stdout and stderr are appended to its log. @throws what `handOver` throws */
export async function launch(spec: ChildSpec, logs: string): Promise<Run> {
  const secret = spec.handOver?.();
  await mkdir(logs, { recursive: true });
  const log = join(logs, `${spec.name}.log`);
  const errors = await open(log, 'a');
  const { command, args, isMapped } = placed(spec);
  const given = secret === undefined ? {} : { [HANDED_OVER]: String(HANDED_OVER_FD) };
  const child = spawn(command, args, {
    env: { ...spec.env, ...given, [SUPERVISED]: '1' },
    stdio: ['pipe', 'pipe', errors.fd, secret === undefined ? 'ignore' : 'pipe', isMapped ? 'pipe' : 'ignore'],
    // A group of its own: Ctrl-C in the terminal reaches `up` alone, which then stops all in order.
    detached: true,
  });
  const ended = endOf(child);
  await errors.close();
  child.stdin?.on('error', () => {});
  const stdio = child.stdio as readonly unknown[];
  if (secret !== undefined) (stdio[HANDED_OVER_FD] as Duplex | null)?.on('error', () => {}).end(secret);
  if (isMapped && child.pid !== undefined) mapUsers(child.pid, stdio[MAPPING_FD] as Duplex);
  child.stdout?.pipe(createWriteStream(log, { flags: 'a' }));
  return { pid: child.pid, ready: readyOf(child, spec, ended), ended, stop: () => stop(child, spec.stopWithin, ended) };
}

function placed(spec: ChildSpec): ApartCommand {
  const [command, args]: readonly [string, readonly string[]] =
    spec.ready === 'line'
      ? [spec.command, spec.args]
      : ['/bin/sh', ['-c', LEASH, spec.name, spec.command, ...spec.args]];
  if (spec.place === undefined) return { command, args, isMapped: false };
  const { apartness, hidden } = spec.place;
  return apart([command, args], apartness, hidden, process.getuid?.() === 0);
}

async function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => {
      child.stdin?.destroy();
      resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  });
}

async function readyOf(child: ChildProcess, spec: ChildSpec, ended: Promise<string>): Promise<void> {
  if (spec.ready === 'line') return readyLine(child);
  const gone = new AbortController();
  void ended.then((how) => gone.abort(new Error(how)));
  await spec.ready(gone.signal);
}

async function readyLine(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (/^ready\b/.test(line)) resolve();
    });
  });
}

async function stop(child: ChildProcess, within: number, ended: Promise<string>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => killGroup(child), within);
  await ended;
  clearTimeout(timer);
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Ended between the look and the kill.
  }
}
