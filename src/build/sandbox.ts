import type { Readable } from 'node:stream';
import { SlipwayError } from '../contract/failure.ts';
import type { SandboxKind } from '../contract/sandbox-strength.ts';
import { createBwrap } from './bwrap.ts';
import { SYSTEM_PATH } from './inside.ts';
import { createNone } from './none.ts';
import { createUnshare } from './unshare.ts';

/** A folder or file of this machine that a job is shown. */
export interface Share {
  readonly from: string;
  /** Where the job sees it; with `none`, it sees `from`. */
  readonly at: string;
  readonly writable: boolean;
}

export interface Limits {
  /** Milliseconds. */
  readonly timeout: number;
  /** Bytes, of each process. */
  readonly memory: number;
  readonly processes: number;
  /** Bytes of output files, and bytes of log. */
  readonly output: number;
}

/** Paths are absolute and as the job sees them. Nothing that is not in here reaches it from outside. */
export interface SandboxJob {
  readonly command: readonly string[];
  /** A shell script, run first in the command's own surroundings; the command runs only if it ends well. */
  readonly prepare?: string;
  readonly workingFolder: string;
  /** The whole environment. `{ place }` is a path as the job sees it: with `none` that is somewhere else. */
  readonly environment: Readonly<Record<string, string | { readonly place: string }>>;
  readonly identity: { readonly user: string; readonly uid: number; readonly host: string; readonly umask: string };
  /** A tar, unpacked at a folder that is not at the root itself; its bytes are beside those of `limits.output`. */
  readonly files?: { readonly tar: Readable; readonly bytes: number; readonly at: string };
  readonly shares?: readonly Share[];
  /** `folder`, below the working folder, is packed into the tar `file` of this machine when the command ends with 0. */
  readonly output?: { readonly folder: string; readonly file: string };
  readonly limits: Limits;
  /** The CPUs that it may run on, as `0-2,5`; all of them unless given. */
  readonly cpus?: string;
  /** Whether it reaches the machine's network; not unless given. Only for what runs no code of a component. */
  readonly network?: boolean;
}

export interface SandboxResult {
  readonly ended: 'exited' | 'stopped' | 'timed-out' | 'log-too-large' | 'output-too-large';
  /** False when `prepare` went wrong, so that the command never ran. */
  readonly prepared: boolean;
  /** The command's own, 128 + n after signal n; null when it was ended from outside. */
  readonly exitCode: number | null;
  /** Null unless the job has an output and its command ended with 0. */
  readonly output: 'packed' | 'missing' | 'outside' | 'unreadable' | null;
  /** What the command wrote, its beginning and its end. */
  readonly log: string;
  /** Milliseconds. */
  readonly elapsed: number;
}

export interface SandboxRun {
  /**
   * Settles when the whole tree of processes is gone.
   * @throws the signal's reason; INTERNAL when the sandbox itself could not be set up, which says nothing of the command.
   */
  readonly ended: Promise<SandboxResult>;
  /** What it has written so far. */
  log(): string;
  /** Ends it at once. */
  stop(): void;
}

export interface Sandbox {
  readonly kind: SandboxKind;
  /** `PATH` as a job sees it; the `node` that runs us is the first on it. */
  readonly path: string;
  start(job: SandboxJob, signal?: AbortSignal): SandboxRun;
  /** Starts it and waits for its end. */
  run(job: SandboxJob, signal?: AbortSignal): Promise<SandboxResult>;
}

export interface SandboxDeps {
  /** Whether we are root, who sets a sandbox up with its own rights and then gives them away. */
  readonly root: boolean;
  /** Folders of `bwrap`, `unshare` and the like, with `:` between them. */
  readonly programs: string;
}

/**
 * Opens the sandbox that is wanted, having tried it once for real: `auto` is bwrap, else unshare, and never none, which
 * must be written out.
 * @throws SANDBOX_UNAVAILABLE, saying what was tried, how it failed and what to do.
 */
export async function openSandbox(
  wanted: SandboxKind | 'auto',
  deps: SandboxDeps = { root: process.getuid?.() === 0, programs: SYSTEM_PATH },
): Promise<Sandbox> {
  const failures: string[] = [];
  for (const kind of wanted === 'auto' ? (['bwrap', 'unshare'] as const) : [wanted]) {
    const sandbox = create(kind, deps);
    const wrong = await whyBroken(sandbox);
    if (wrong === null) return sandbox;
    failures.push(`${kind}: ${wrong}`);
  }
  const remedy =
    'install bubblewrap 0.8 or later (apt-get install bubblewrap) and allow user namespaces, or run as root on Linux; ' +
    'or write `build: { sandbox: none }` into platform.yaml, which the evidence will say';
  throw new SlipwayError('SANDBOX_UNAVAILABLE', `No sandbox works here (${failures.join('; ')}). ${remedy}.`);
}

function create(kind: SandboxKind, deps: SandboxDeps): Sandbox {
  switch (kind) {
    case 'bwrap':
      return createBwrap(deps);
    case 'unshare':
      return createUnshare(deps);
    case 'none':
      return createNone(deps);
  }
}

/** Runs the smallest of jobs; null, or how it went wrong. */
async function whyBroken(sandbox: Sandbox): Promise<string | null> {
  const trial: SandboxJob = {
    command: ['true'],
    workingFolder: '/tmp',
    environment: { PATH: sandbox.path },
    identity: { user: 'slipway', uid: UNASSIGNED_UIDS.first, host: 'trial', umask: '022' },
    limits: { timeout: 10_000, memory: 2 ** 30, processes: 64, output: 2 ** 20 },
  };
  try {
    const { ended, exitCode, log } = await sandbox.run(trial);
    return exitCode === 0 ? null : `${ended}, exit code ${exitCode}: ${log.trim()}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Numbers that no distribution and no part of systemd gives to anybody (systemd.io/UIDS-GIDS). */
export const UNASSIGNED_UIDS = { first: 60_706, last: 61_183 } as const;
