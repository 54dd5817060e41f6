import { execFile } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdir, mkdtemp, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removeUnpacked } from '../src/artifacts/image.ts';
import { compiledFolder } from '../src/temporal/installation.ts';
import { startRegistry } from './registry.ts';

/** What one process did. */
export interface Worked {
  /** Milliseconds of each step, which goes over all of the bytes. */
  readonly steps: Readonly<Record<string, number>>;
  /** The most memory that it had, in bytes: Node's own 50 MB are in it. */
  readonly peak: number;
}

/** What lies near each other in time, and so met the machine in the same mood. */
export interface MeasuredRound {
  readonly store: Worked;
  readonly floor: Worked;
  /** Null where no registry is installed. */
  readonly registry: Worked | null;
}

export interface MeasuredStore {
  /** Bytes. */
  readonly size: number;
  readonly rounds: readonly MeasuredRound[];
  /** From the sandbox's tar to the folder that instances run from, once. */
  readonly way: Worked;
}

export interface StoreMeasurement {
  /** Bytes; they lie in four files. */
  readonly size: number;
  readonly rounds: number;
  /** The program of a registry; null where none is installed. */
  readonly registry: string | null;
}

/**
 * Puts random bytes into a store and verifies them there, and beside it hashes, copies and syncs the same bytes; each in
 * a process of its own, in turns. Where there is a registry, the same bytes go to it and come back. All of it lies on the
 * disk of `TMPDIR`.
 */
export async function measureStore(
  { size, rounds: wanted, registry }: StoreMeasurement,
  report: (line: string) => void,
): Promise<MeasuredStore> {
  const scratch = await mkdtemp(join(tmpdir(), 'slipway-bench-store-'));
  try {
    const bytes = join(scratch, 'bytes');
    await mkdir(bytes);
    for (const name of ['a', 'b', 'c', 'd']) await fill(join(bytes, name), size / 4);
    const rounds = [];
    for (let round = 1; round <= wanted; round++) {
      const one: MeasuredRound = {
        floor: await work('floor', bytes, scratch),
        store: await work('store', bytes, scratch),
        registry: registry === null ? null : await throughRegistry(registry, bytes, scratch),
      };
      const took = Object.entries(one).flatMap(([job, done]: [string, Worked | null]) =>
        done === null ? [] : [`${job} ${inWords(done)}`],
      );
      report(`round ${round} of ${wanted}: ${took.join('; ')}`);
      rounds.push(one);
    }
    const way = await work('way', bytes, scratch);
    report(`the whole way: ${inWords(way)}`);
    return { size, rounds, way };
  } finally {
    await removeUnpacked(scratch);
  }
}

function inWords({ steps }: Worked): string {
  return Object.entries(steps)
    .map(([step, took]) => `${step} ${Math.round(took)} ms`)
    .join(', ');
}

/** Random, so that no disk has it easier than with an artifact. */
async function fill(path: string, size: number): Promise<void> {
  const file = await open(path, 'wx');
  const chunk = Buffer.alloc(2 ** 20);
  for (let left = size; left > 0; left -= chunk.byteLength) {
    await file.write(randomFillSync(chunk), 0, Math.min(left, chunk.byteLength));
  }
  await file.sync();
  await file.close();
}

/** A new registry each time: one that has the bytes is not sent them again. */
async function throughRegistry(command: string, bytes: string, scratch: string): Promise<Worked> {
  const { url, stop } = await startRegistry(command);
  try {
    return await work('registry', bytes, scratch, url);
  } finally {
    await stop();
  }
}

async function work(job: string, bytes: string, scratch: string, ...more: readonly string[]): Promise<Worked> {
  const folder = await mkdtemp(join(scratch, `${job}-`));
  const script = join(compiledFolder(), 'bench', 'store-work.js');
  const { stdout } = await promisify(execFile)(process.execPath, [script, job, bytes, folder, ...more]);
  await removeUnpacked(folder);
  return JSON.parse(stdout) as Worked;
}
