import type { Limits, SandboxJob } from './sandbox.ts';

/** Descriptor on which {@link insideCommand} says how far it has come. */
export const STATUS_FD = 3;

/** Where a system keeps the programs that set a sandbox up. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * What runs inside every kind of sandbox: unpacks stdin, runs the command with all that it says on stderr, ends what
 * the command has left running, and packs the output to stdout. Written for any POSIX shell and tar.
 * Status: `started`, perhaps `unprepared`, then `ended <exit code>`, then `output packed|missing|outside|unreadable`.
 */
const INSIDE = `at=$1 folder=$2 output=$3 alone=$4 mask=$5 prepares=$6; shift 6
say() { echo "$1" >&${STATUS_FD}; }
if [ -n "$at" ]; then mkdir -p "$at" && tar -xpf - -C "$at" || exit; fi
cd "$folder" || exit
umask "$mask"
say started
if [ -n "$prepares" ]; then "$@" </dev/null >&2; else "$@" </dev/null >&2 ${STATUS_FD}>&-; fi
code=$?
say "ended $code"
[ $code = 0 ] && [ -n "$output" ] || exit 0
[ -z "$alone" ] || kill -KILL -1 2>/dev/null
here=$(pwd -P) found=$(cd "$output" 2>/dev/null && pwd -P)
case $found in
  '') say 'output missing' ;;
  "$here"/*) if tar -cf - -C "$found" .; then say 'output packed'; else say 'output unreadable'; fi ;;
  *) say 'output outside' ;;
esac`;

/** Runs the script that is its first word, then the others; nothing that it runs may say how far it has come. */
const PREPARING = `script=$1; shift
sh -c "$script" prepare ${STATUS_FD}>&- || { echo unprepared >&${STATUS_FD}; exit 1; }
exec "$@" ${STATUS_FD}>&-`;

/** Everything about a job that the shell inside is told. `alone`: it has a process namespace of its own. */
export function insideCommand(
  job: SandboxJob,
  how: {
    readonly alone: boolean;
    /** Turns a path as the job sees it into the real one. */
    readonly place: (path: string) => string;
    /** Words before the command that limit it. */
    readonly limiter: readonly string[];
  },
): readonly string[] {
  const environment = Object.entries(job.environment).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : how.place(value.place)}`,
  );
  const { prepare, command } = job;
  const files = job.files === undefined ? '' : how.place(job.files.at);
  const told = [files, how.place(job.workingFolder), job.output?.folder ?? '', how.alone ? 'alone' : ''];
  const prepared = prepare === undefined ? command : ['sh', '-c', PREPARING, 'slipway', prepare, ...command];
  const limited = [...how.limiter, 'env', '-i', ...environment, ...prepared];
  return ['sh', '-c', INSIDE, 'slipway', ...told, job.identity.umask, prepare === undefined ? '' : 'yes', ...limited];
}

/** What the kernel holds each process to; `processes` counts those of the user, so it needs a user of its own. */
export function limiter(
  { limits, cpus }: Pick<SandboxJob, 'limits' | 'cpus'>,
  { processes }: { readonly processes: boolean },
): readonly string[] {
  const counted = processes ? [`--nproc=${limits.processes}`] : [];
  const bound = cpus === undefined ? [] : ['taskset', '--cpu-list', cpus];
  return [...bound, 'prlimit', `--data=${limits.memory}`, `--fsize=${roomFor(limits)}`, '--core=0', ...counted, '--'];
}

/** Bytes that a job may have lying about beside its input: the output, and as much again on the way to it. */
export function roomFor(limits: Limits): number {
  return 2 * limits.output;
}
