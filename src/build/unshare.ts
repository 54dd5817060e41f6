import { asOtherUser } from './drop.ts';
import { fixturesOf, pathInside, type Fixture } from './fixtures.ts';
import { insideCommand, limiter } from './inside.ts';
import { launch } from './launch.ts';
import type { Sandbox, SandboxDeps } from './sandbox.ts';

/**
 * Sandboxes by util-linux alone: the same fixtures, put in place by a shell script. As root without a user namespace,
 * as {@link createBwrap} does; an ordinary user becomes root in one for the mounts, then somebody else in a second.
 */
export function createUnshare({ root, programs }: SandboxDeps): Sandbox {
  const start: Sandbox['start'] = (job, signal) => {
    const { host, uid } = job.identity;
    const inside = insideCommand(job, {
      alone: true,
      place: (path) => path,
      limiter: limiter(job, { processes: true }),
    });
    const command = root
      ? asOtherUser(uid, inside)
      : ['setpriv', '--no-new-privs', 'unshare', '--user', `--map-user=${uid}`, `--map-group=${uid}`, '--', ...inside];
    const user = root ? [] : ['--user', '--map-root-user'];
    const fixtures = fixturesOf(job).flatMap(wordsOf);
    // `unshare` ends its child when it ends itself, and `setpriv` has it end when we end.
    const tied = ['--pdeathsig=KILL', 'unshare', ...user, '--fork', '--kill-child=KILL'];
    const net = job.network === true ? [] : ['--net'];
    const namespaces = ['--mount', '--pid', ...net, '--ipc', '--uts', '--cgroup'];
    const loopback = job.network === true ? 'leave' : 'raise';
    const args = [
      ...tied,
      ...namespaces,
      '--',
      'sh',
      '-c',
      SET_UP,
      'init',
      host,
      loopback,
      ...fixtures,
      '--',
      ...command,
    ];
    return launch({ program: 'setpriv', args, texts: [], asOther: root, path: programs }, job, signal);
  };
  return { kind: 'unshare', path: pathInside(), start, run: async (job, signal) => start(job, signal).ended };
}

function wordsOf(fixture: Fixture): readonly [kind: string, what: string, at: string] {
  switch (fixture.kind) {
    case 'read-only':
    case 'writable':
      return [fixture.kind, fixture.from, fixture.at];
    case 'memory':
      return ['memory', String(fixture.bytes), fixture.at];
    case 'link':
      return ['link', fixture.to, fixture.at];
    case 'text':
      return ['text', fixture.text, fixture.at];
  }
}

/** `ip` is not everywhere: ioctl(SIOCSIFFLAGS, IFF_UP) for `lo`. */
const LOOPBACK_UP = `import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh22x", b"lo", 1))`;

/**
 * Builds the file system on a tmpfs, makes it the root and forgets the old one. It is built over /sys, which is always
 * there and holds nothing that a fixture comes from. What fails here is our trouble: it ends before `started`.
 */
const SET_UP = `set -e
hostname "$1"
if [ "$2" = raise ]; then ip link set lo up 2>/dev/null || python3 -c '${LOOPBACK_UP}'; fi
shift 2
mount --make-rprivate /
mount -t tmpfs -o size=4m,mode=0755 slipway /sys
cd /sys
mkdir old proc dev
for device in null zero full random urandom tty; do
  : >dev/$device
  mount --bind /dev/$device dev/$device
done
ln -s /proc/self/fd dev/fd
for stream in 0:stdin 1:stdout 2:stderr; do ln -s /proc/self/fd/\${stream%:*} dev/\${stream#*:}; done
while [ "$1" != -- ]; do
  at=.$3
  mkdir -p "\${at%/*}"
  case $1 in
    read-only | writable)
      if [ -d "$2" ]; then mkdir -p "$at"; else : >"$at"; fi
      mount --rbind "$2" "$at"
      if [ $1 = read-only ]; then mount -o remount,bind,ro "$at"; fi ;;
    memory) mkdir -p "$at"; mount -t tmpfs -o "size=$2,mode=1777,nosuid,nodev" slipway "$at" ;;
    link) ln -s "$2" "$at" ;;
    text) printf %s "$2" >"$at" ;;
  esac
  shift 3
done
shift
mount -t proc -o nosuid,nodev,noexec proc proc
pivot_root . old
cd /
umount -l old
rmdir old
mount -o remount,bind,ro /
exec "$@"`;
