import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Isolation } from '../driver.ts';

/** What an instance may see and write, besides a read-only machine and its loopback. */
export interface Confinement {
  readonly command: readonly string[];
  /** The unpacked artifact: read-only, and where the command runs. */
  readonly files: string;
  /** Folders that it may write; those inside a hidden folder too. */
  readonly writable: readonly string[];
  /** The runtime's own folders (state, sockets, the artifacts of others) and private keys, which may be files. */
  readonly hidden: readonly string[];
  /** Ends with the process that started it: for short commands, never for an instance. */
  readonly tied: boolean;
}

export interface ConfinedCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** All that an instance gets of our environment: where to find `node` and the system's tools. */
export const MINIMAL_PATH = [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':');

/** File descriptor on which a confined command says how far it has come: see {@link confine}. */
export const STATUS_FD = 3;

/**
 * The command line that runs a command confined. On {@link STATUS_FD} `bwrap` writes JSON with the `child-pid`, which is
 * init of the new pid namespace; `unshare` writes `started` once the first child of its own child is the command.
 */
export function confine(isolation: Isolation, confinement: Confinement): ConfinedCommand {
  switch (isolation) {
    case 'bwrap':
      return { command: 'bwrap', args: bubblewrap(confinement) };
    case 'unshare':
      return { command: 'unshare', args: unshare(confinement) };
    case 'none': {
      const [command = '', ...args] = confinement.command;
      return { command, args };
    }
  }
}

/** The strongest kind that works here: each is tried once, for real. */
export async function detectIsolation(folder: string): Promise<Isolation> {
  for (const isolation of ['bwrap', 'unshare'] as const) {
    if (await works(isolation, folder)) return isolation;
  }
  return 'none';
}

/** Whether this kind confines a command on this machine, for this user. */
export async function works(isolation: Isolation, folder: string): Promise<boolean> {
  const trial = { command: ['sh', '-c', 'test -d .'], files: folder, writable: [], hidden: [folder], tied: true };
  const { command, args } = confine(isolation, trial);
  // The status descriptor is not open here, and is not needed for a trial.
  const quiet = ['-c', `exec "$0" "$@" ${STATUS_FD}>/dev/null`, command, ...args];
  return promisify(execFile)('sh', quiet, { timeout: 5_000, env: { PATH: MINIMAL_PATH } }).then(
    () => true,
    () => false,
  );
}

function bubblewrap({ command, files, writable, hidden, tied }: Confinement): readonly string[] {
  const options: readonly (readonly string[])[] = [
    ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp'],
    ...hidden.map((path) => (isFolder(path) ? ['--tmpfs', path] : ['--ro-bind', '/dev/null', path])),
    ['--ro-bind', files, files],
    ...writable.map((folder) => ['--bind', folder, folder]),
    // An instance is not tied: it outlives the runtime.
    tied ? ['--unshare-pid', '--die-with-parent'] : ['--unshare-pid'],
    // Else one that is root could undo what hides.
    ['--cap-drop', 'ALL'],
    ['--json-status-fd', String(STATUS_FD), '--chdir', files, '--', ...command],
  ];
  return options.flat();
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * A small init: hides what is hidden, puts back what is shown, starts the command and reaps it. As a child of init the
 * command takes SIGTERM, which init itself would ignore. Arguments: the files, writable folders, `--`, hidden
 * folders, `--`, the command. A folder to be shown is kept as an open descriptor while its place is covered.
 */
const INIT = `set -e
files=$1; shift
exec 9<"$files"
shown=; n=4
while [ "$1" != -- ]; do eval "exec $n<\\"\\$1\\"; at$n=\\$1"; shown="$shown $n"; n=$((n + 1)); shift; done; shift
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mount -t tmpfs -o mode=0755 slipway "$1"; else mount --bind /dev/null "$1"; fi
  shift
done
shift
put() { mkdir -p "$2"; mount --no-canonicalize --bind "/proc/self/fd/$1" "$2"; }
for n in $shown; do eval "put $n \\"\\$at$n\\"; exec $n<&-"; done
put 9 "$files"; mount -o remount,bind,ro "$files" 2>/dev/null || :
exec 9<&-
cd "$files"
setpriv --inh-caps=-all --bounding-set=-all "$@" ${STATUS_FD}>&- &
echo started >&${STATUS_FD}
wait $!`;

function unshare({ command, files, writable, hidden, tied }: Confinement): readonly string[] {
  const options: readonly (readonly string[])[] = [
    process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'],
    ['--pid', '--fork', '--mount-proc'],
    tied ? ['--kill-child'] : [],
    ['sh', '-c', INIT, 'init', files, ...writable, '--', ...hidden, '--', ...command],
  ];
  return options.flat();
}
