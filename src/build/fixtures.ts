import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { roomFor } from './inside.ts';
import type { SandboxJob } from './sandbox.ts';

/** One thing that a job finds in its otherwise empty file system. */
export type Fixture =
  | { readonly kind: 'read-only' | 'writable'; readonly from: string; readonly at: string }
  /** A file system in memory that holds so many bytes and no more. */
  | { readonly kind: 'memory'; readonly bytes: number; readonly at: string }
  | { readonly kind: 'link'; readonly to: string; readonly at: string }
  | { readonly kind: 'text'; readonly text: string; readonly at: string };

/** Of the machine's `/etc`, what its programs cannot do without: none of it says which machine this is. */
const ETC = ['/etc/alternatives', '/etc/ld.so.cache', '/etc/ssl/certs'];
/** How names of hosts are found, for what reaches the network. */
const RESOLVING = ['/etc/hosts', '/etc/resolv.conf', '/etc/nsswitch.conf'];
const SYSTEM = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];
const SHARED_MEMORY = 64 * 2 ** 20;

/** All that a job sees besides `/proc` and `/dev`, in the order in which it is to be put there. */
export function fixturesOf(job: SandboxJob): readonly Fixture[] {
  const { files, identity, limits, network = false, shares = [] } = job;
  const { user, uid, host } = identity;
  const room = roomFor(limits);
  return [
    { kind: 'read-only', from: '/usr', at: '/usr' },
    ...SYSTEM.filter((folder) => existsSync(folder)).map(systemFolder),
    ...ETC.filter((path) => existsSync(path)).map(asItIs),
    ...nodeFixtures(),
    { kind: 'text', at: '/etc/passwd', text: `${user}:x:${uid}:${uid}::/tmp:/bin/sh\n` },
    { kind: 'text', at: '/etc/group', text: `${user}:x:${uid}:\n` },
    ...(network ? RESOLVING.filter((path) => existsSync(path)).map(asItIs) : [ownHosts(host)]),
    { kind: 'memory', bytes: SHARED_MEMORY, at: '/dev/shm' },
    { kind: 'memory', bytes: room, at: '/tmp' },
    ...(files === undefined ? [] : [{ kind: 'memory', bytes: room + files.bytes, at: dirname(files.at) } as const]),
    ...shares.map(({ from, at, writable }) => ({ kind: writable ? 'writable' : 'read-only', from, at }) as const),
  ];
}

function asItIs(path: string): Fixture {
  return { kind: 'read-only', from: path, at: path };
}

function ownHosts(host: string): Fixture {
  return { kind: 'text', at: '/etc/hosts', text: `127.0.0.1 localhost ${host}\n::1 localhost\n` };
}

/** `/bin` and its like are links into `/usr` on most systems, and folders of their own on some. */
function systemFolder(folder: string): Fixture {
  if (!lstatSync(folder).isSymbolicLink()) return { kind: 'read-only', from: folder, at: folder };
  return { kind: 'link', to: readlinkSync(folder), at: folder };
}

/** Where a `node` that is not the system's appears: its own path would tell whose machine this is. */
const NODE = '/opt/node';

function nodeFixtures(): readonly Fixture[] {
  if (isSystemNode()) return [];
  return [{ kind: 'read-only', from: dirname(dirname(process.execPath)), at: NODE }];
}

function isSystemNode(): boolean {
  return process.execPath.startsWith('/usr/');
}

/** `PATH` of a job: the folder of the `node` that runs us, then the system's. */
export function pathInside(): string {
  const node = isSystemNode() ? dirname(process.execPath) : `${NODE}/bin`;
  return [...new Set([node, '/usr/local/bin', '/usr/bin', '/bin'])].join(':');
}

/** Whether `path` lies in `folder` or is it. */
export function isWithin(folder: string, path: string): boolean {
  const relative = posix.relative(folder, path);
  return relative !== '..' && !relative.startsWith('../');
}
