import { dirname } from 'node:path';
import { asOtherUser } from './drop.ts';
import { fixturesOf, pathInside, type Fixture } from './fixtures.ts';
import { insideCommand, limiter } from './inside.ts';
import { launch } from './launch.ts';
import type { Sandbox, SandboxDeps, SandboxJob } from './sandbox.ts';

/**
 * Sandboxes by bubblewrap. An ordinary user gets a user namespace in which no further one can be made. Root needs none:
 * it sets the sandbox up, which lets it show folders that only root may see, and then becomes an unprivileged user,
 * because the kernel counts no processes against real root.
 */
export function createBwrap({ root, programs }: SandboxDeps): Sandbox {
  const start: Sandbox['start'] = (job, signal) => {
    const inside = insideCommand(job, {
      alone: true,
      place: (path) => path,
      limiter: limiter(job, { processes: true }),
    });
    const texts: string[] = [];
    const fixtures = fixturesOf(job).flatMap((fixture) => [...foldersAbove(fixture.at), ...flagsOf(fixture, texts)]);
    const command = root ? asOtherUser(job.identity.uid, inside) : inside;
    const args = [...namespaces(job, root), '--proc', '/proc', '--dev', '/dev', ...fixtures];
    return launch(
      {
        program: 'bwrap',
        args: [...args, '--remount-ro', '/', '--', ...command],
        texts,
        asOther: root,
        path: programs,
      },
      job,
      signal,
    );
  };
  return { kind: 'bwrap', path: pathInside(), start, run: async (job, signal) => start(job, signal).ended };
}

/** `--as-pid-1`, as bwrap's own command line would otherwise stand in `/proc/1/cmdline` with the paths of this machine. */
function namespaces({ identity, network }: SandboxJob, root: boolean): readonly string[] {
  const uid = String(identity.uid);
  const user = root
    ? ['--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID', '--cap-add', 'CAP_SETPCAP']
    : ['--unshare-user', '--disable-userns', '--uid', uid, '--gid', uid];
  const apart = ['--unshare-ipc', '--unshare-pid', '--unshare-uts', '--unshare-cgroup-try'];
  const net = network === true ? [] : ['--unshare-net'];
  const tied = ['--as-pid-1', '--die-with-parent', '--new-session'];
  return [...apart, ...net, ...tied, '--hostname', identity.host, '--cap-drop', 'ALL', ...user];
}

/** Those that bwrap makes by itself are closed to others, and so to the user that root becomes. */
function foldersAbove(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === '/' ? [] : [...foldersAbove(folder), '--perms', '0755', '--dir', folder];
}

function flagsOf(fixture: Fixture, texts: string[]): readonly string[] {
  switch (fixture.kind) {
    case 'read-only':
      return ['--ro-bind', fixture.from, fixture.at];
    case 'writable':
      return ['--bind', fixture.from, fixture.at];
    case 'memory':
      return ['--perms', '1777', '--size', String(fixture.bytes), '--tmpfs', fixture.at];
    case 'link':
      return ['--symlink', fixture.to, fixture.at];
    case 'text':
      return ['--perms', '0444', '--file', String(FIRST_TEXT_FD + texts.push(fixture.text) - 1), fixture.at];
  }
}

/** Texts are handed over on descriptors from here on. */
const FIRST_TEXT_FD = 4;
