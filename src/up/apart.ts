import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';

/** What processes beside their own key must not see. Absolute paths, without symbolic links, of what is there. */
export interface Hidden {
  /** The folder of all key folders: an empty one stands in its place. */
  readonly keys: string;
  /** A folder below it that stays, read-only; null where all is hidden. */
  readonly shown: string | null;
  /** Files: each reads as empty. */
  readonly files: readonly string[];
}

/**
 * How far apart a process is from the others:
 * - `namespaces`: mounts and user namespace of its own. It cannot undo what hides the keys, nor look into the memory, the
 *   environment, the open files or the root of a process outside, not even as root, whose rights end at its namespace;
 * - `mounts`: mounts of its own only, for root alone. A process that is root could undo that.
 */
export type Apartness = 'namespaces' | 'mounts';

export interface ApartCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Whether it waits on {@link MAPPING_FD} until {@link mapUsers} has given it its users. */
  readonly isMapped: boolean;
}

export const MAPPING_FD = 4;

/**
 * The command line that runs a command where keys are hidden. Nothing is forked: pid, parent, group, signals and open
 * files stay what they are.
 * @param root whether we are root
 */
export function apart(
  [command, args]: readonly [string, readonly string[]],
  apartness: Apartness,
  { keys, shown, files }: Hidden,
  root: boolean,
): ApartCommand {
  const hiding = ['sh', '-c', HIDE, 'slipway', keys, shown ?? '', ...files, '--'];
  const parts = root
    ? [
        // What is hidden outside of the user namespace cannot be shown again in it.
        ['--mount', ...hiding],
        apartness === 'mounts' ? [] : ['unshare', '--user', '--mount', '--keep-caps', 'sh', '-c', MAPPED, 'slipway'],
        // Root's rights in its own namespace come back with each program: builds need them for their sandbox.
        apartness === 'mounts' ? [] : ['setpriv', '--inh-caps=-all', '--ambient-caps=-all'],
      ]
    : [
        ['--user', '--map-current-user', '--keep-caps', '--mount', ...hiding],
        ['setpriv', '--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all'],
      ];
  return {
    command: 'unshare',
    args: [...parts.flat(), command, ...args],
    isMapped: root && apartness === 'namespaces',
  };
}

/** Arguments: the keys, what is shown of them, files, `--`, the command. What is shown is held open while it is covered. */
const HIDE = `set -e
keys=$1 shown=$2; shift 2
if [ -n "$shown" ]; then exec 9<"$shown"; fi
mount -t tmpfs -o mode=0755,size=64k,nosuid,nodev,noexec slipway "$keys"
if [ -n "$shown" ]; then
  mkdir -p "$shown"
  mount --no-canonicalize --bind /proc/self/fd/9 "$shown"
  mount -o remount,bind,ro "$shown"
  exec 9<&-
fi
mount -o remount,ro "$keys"
while [ "$1" != -- ]; do mount --bind /dev/null "$1"; shift; done
shift
exec "$@"`;

/** In a user namespace that has no users yet: only who is outside can give it more than one. */
const MAPPED = `echo apart >&${MAPPING_FD}
read -r answer <&${MAPPING_FD} || :
exec ${MAPPING_FD}<&-
if [ "$answer" != mapped ]; then echo 'no users could be mapped into the user namespace' >&2; exit 1; fi
exec "$@"`;

/** Gives the user namespace of a process that waits for it the users that we have, under their own numbers. */
export function mapUsers(pid: number, channel: Duplex): void {
  channel.on('error', () => {});
  channel.once('data', () => {
    try {
      for (const map of ['uid_map', 'gid_map'] as const) writeFileSync(`/proc/${pid}/${map}`, ownMap(map));
      channel.end('mapped\n');
    } catch {
      channel.end('refused\n');
    }
  });
}

function ownMap(map: 'uid_map' | 'gid_map'): string {
  const lines = readFileSync(`/proc/self/${map}`, 'utf8').trim().split('\n');
  const fields = lines.map((line) => line.trim().split(/\s+/));
  return fields.map(([inside, , count]) => `${inside} ${inside} ${count}\n`).join('');
}

/** Why processes cannot be kept apart here; null when they can, which is tried once for real. */
export async function whyNotApart(hidden: Hidden, env: NodeJS.ProcessEnv): Promise<string | null> {
  const { command, args, isMapped } = apart(['true', []], 'namespaces', hidden, process.getuid?.() === 0);
  const child = spawn(command, args, {
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'ignore', isMapped ? 'pipe' : 'ignore'],
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  if (isMapped && child.pid !== undefined) mapUsers(child.pid, child.stdio[MAPPING_FD] as Duplex);
  return await new Promise((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('close', (code, signal) => {
      const [first = ''] = said.trim().split('\n');
      resolve(code === 0 ? null : first || `unshare ended with ${signal ?? code}`);
    });
  });
}
