import { execFile, type ExecFileException } from 'node:child_process';
import { join } from 'node:path';
import { formatDuration } from '../config/duration.ts';
import { compiledFolder } from '../temporal/installation.ts';
import type { Extent, Found, Work } from './scan.ts';

/** What the process writes, as JSON, a line each; the extent comes last. */
export type Told = { readonly found: Found } | { readonly extent: Extent };

/** What a scan came to; or, where it did not come to its end, why. */
export type Scanned = { readonly found: readonly Found[]; readonly extent: Extent } | { readonly unfinished: string };

/** A scan under way. */
export interface Scan {
  readonly ended: Promise<Scanned>;
  /** Ends it, if it has not ended. Resolves when its process has. */
  stop(): Promise<void>;
}

/** Milliseconds, for the largest artifact on a busy machine: 10 MiB of text take a second on a quiet one. */
const DEADLINE = 120_000;

/** MiB of heap: the largest file that is read takes a fifth of it. */
const MEMORY = 512;

const BOUNDS = { file: 16 * 2 ** 20, total: 256 * 2 ** 20 };

/** As above unless given. */
export interface Limits {
  readonly deadline?: number;
  readonly memory?: number;
  readonly bounds?: Work['bounds'];
  /** Ends it early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks through a folder for secrets, in a process of its own, with limits to its time and memory and without our
 * environment: the files are a stranger's, and so are the patterns that go over them. Begins at once.
 */
export function startScan(work: Omit<Work, 'bounds'>, limits: Limits = {}): Scan {
  const { deadline = DEADLINE, memory = MEMORY, bounds = BOUNDS, signal } = limits;
  const main = join(compiledFolder(), 'src', 'secret-scan', 'main.js');
  const stopping = new AbortController();
  const ends = {
    timeout: deadline,
    killSignal: 'SIGKILL',
    signal: AbortSignal.any(signal === undefined ? [stopping.signal] : [stopping.signal, signal]),
  } as const;
  const options = { ...ends, maxBuffer: 2 ** 24, env: {}, encoding: 'utf8' } as const;
  const ended = new Promise<Scanned>((resolve) => {
    const child = execFile(process.execPath, [`--max-old-space-size=${memory}`, main], options, (error, stdout) => {
      resolve(error === null ? scannedOf(stdout) : { unfinished: reasonOf(error, { deadline, memory }) });
    });
    // One that has ended reads nothing more; how it ended is told by its end.
    child.stdin?.on('error', () => undefined).end(JSON.stringify({ ...work, bounds } satisfies Work));
  });
  return {
    ended,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

function scannedOf(stdout: string): Scanned {
  const told = stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Told);
  const extent = told.find((one) => 'extent' in one)?.extent;
  const found = told.flatMap((one) => ('found' in one ? [one.found] : []));
  return extent === undefined ? { unfinished: 'its process said nothing at its end' } : { found, extent };
}

function reasonOf(error: ExecFileException, { deadline, memory }: { deadline: number; memory: number }): string {
  if (error.name === 'AbortError') return 'its process was stopped';
  if (error.killed === true) return `it did not end within ${formatDuration(deadline)}`;
  // How V8 ends when the heap is full.
  if (error.signal === 'SIGABRT' || error.signal === 'SIGTRAP') return `it took more than ${memory} MiB of memory`;
  return `its process ended with ${error.signal ?? error.code ?? error.name}`;
}
