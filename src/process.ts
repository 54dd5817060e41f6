import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** A process that cannot be mistaken for a later one under the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot id and clock ticks since boot; where there is no `/proc`, the start time that `ps` prints. */
  readonly start: string;
}

const PROC = existsSync('/proc/self/stat');

/** The process that has this pid now; null when there is none, or only a zombie is left of it. */
export function identify(pid: number): ProcessIdentity | null {
  const start = PROC ? startInProc(pid) : startByPs(pid);
  return start === null ? null : { pid, start };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.start === identity.start;
}

/** The first child that a process started and still has; null when there is none. Linux only. */
export function firstChildOf(pid: number): number | null {
  const children = readProc(`${pid}/task/${pid}/children`)?.trim();
  return children ? Number(children.split(' ')[0]) : null;
}

/** Processes that were started with an environment variable that begins with `beginning`, by its value. Linux only. */
export function processesMarked(beginning: string): readonly { readonly pid: number; readonly marker: string }[] {
  if (!PROC) return [];
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const marker = readProc(`${name}/environ`)
        ?.split('\0')
        .find((variable) => variable.startsWith(beginning));
      return marker === undefined ? [] : [{ pid: Number(name), marker }];
    });
}

/** The variables that a process was started with; null when it has ended, or cannot be asked. Linux only. */
export function environmentOf(identity: ProcessIdentity): ReadonlyMap<string, string> | null {
  const found = readProc(`${identity.pid}/environ`);
  if (found === null || !isAlive(identity)) return null;
  // What is read as Latin-1 has each byte as it is.
  const variables = Buffer.from(found, 'latin1').toString('utf8').split('\0');
  return new Map(
    variables.flatMap((variable) => {
      const at = variable.indexOf('=');
      return at < 0 ? [] : [[variable.slice(0, at), variable.slice(at + 1)] as const];
    }),
  );
}

/** Sends a signal; a process that is already gone is no error. A negative pid means its process group. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function startInProc(pid: number): string | null {
  const stat = readProc(`${pid}/stat`);
  if (stat === null) return null;
  // The command's name, in parentheses, may hold anything; proc(5) counts the state as field 3, the start as field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? null : `${bootId()}/${fields[19]}`;
}

function startByPs(pid: number): string | null {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return line === '' || line.startsWith('Z') ? null : line.slice(line.indexOf(' ')).trim();
  } catch {
    return null;
  }
}

let boot: string | null = null;

function bootId(): string {
  boot ??= readProc('sys/kernel/random/boot_id')?.trim() ?? '';
  return boot;
}

function readProc(path: string): string | null {
  try {
    return readFileSync(`/proc/${path}`, 'latin1');
  } catch {
    return null;
  }
}
