import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, createWriteStream } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SlipwayError } from '../contract/failure.ts';
import { createBoundedLog, lastLines } from './bounded-log.ts';
import type { SandboxJob, SandboxResult, SandboxRun } from './sandbox.ts';

/** The process that makes a sandbox and waits for it. Its death has to be the death of all in it. */
export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  /** `PATH` until the command gets its own; all that the environment holds. */
  readonly path: string;
  /** Given to the program on the descriptors from 4 on. */
  readonly texts: readonly string[];
  /** The job will not run as us: the folders that it may write become its own. */
  readonly asOther: boolean;
}

/** Milliseconds that what has left its process group may hold our pipes, before we let go of them. */
const LINGER = 1_000;

/** Runs what is launched under the limits of its job. It gets nothing of our environment: bwrap would let it show. */
export function launch(launched: Launch, job: SandboxJob, signal?: AbortSignal): SandboxRun {
  const { program, args, path, texts, asOther } = launched;
  const { identity, limits, shares = [] } = job;
  if (asOther) for (const { from } of shares.filter((share) => share.writable)) chownSync(from, identity.uid, -1);

  const begun = performance.now();
  const child = spawn(program, args, {
    env: { PATH: path },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', ...texts.map(() => 'pipe' as const)],
  });
  const [stdin, stdout, stderr, says, ...pipes] = child.stdio as unknown as Pipes;

  // A pipe whose other end was killed may report that, beside its end.
  for (const stream of child.stdio) stream?.on('error', () => {});

  let ended: SandboxResult['ended'] = 'exited';
  const end = (why: Exclude<SandboxResult['ended'], 'exited'>): void => {
    if (ended === 'exited') ended = why;
    killGroup(child);
  };

  const log = createBoundedLog();
  stderr.on('data', (chunk: Buffer) => {
    log.add(chunk);
    if (log.bytes > limits.output) end('log-too-large');
  });
  let said = '';
  says.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const streams = [
    feed(job.files?.tar ?? [], stdin),
    ...texts.map((text, index) => feed([text], pipes[index] as Writable)),
    store(stdout, job.output?.file, limits.output, () => end('output-too-large')),
  ];

  const timer = setTimeout(() => end('timed-out'), limits.timeout);
  const abort = (): void => end('stopped');
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) abort();

  const settle = async (): Promise<SandboxResult> => {
    const outcomes = await Promise.allSettled([closed(child), ...streams]).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    });
    signal?.throwIfAborted();
    if (ended === 'exited') {
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      if (!said.startsWith('started')) throw notSetUp(program, log.text());
    }
    return { ended, ...readStatus(said), log: log.text(), elapsed: Math.round(performance.now() - begun) };
  };
  return { ended: settle(), log: () => log.text(), stop: () => end('stopped') };
}

type Pipes = readonly [Writable, Readable, Readable, Readable, ...Writable[]];

/** What `insideCommand` said on its status descriptor. */
function readStatus(said: string): Pick<SandboxResult, 'prepared' | 'exitCode' | 'output'> {
  const exitCode = /^ended (\d+)$/m.exec(said)?.[1];
  const output = /^output (packed|missing|outside|unreadable)$/m.exec(said)?.[1];
  return {
    prepared: !/^unprepared$/m.test(said),
    exitCode: exitCode === undefined ? null : Number(exitCode),
    output: (output ?? null) as SandboxResult['output'],
  };
}

/** Our own errors are thrown; a reader that has gone is none, it was ended. */
async function feed(source: Readable | readonly string[], to: Writable): Promise<void> {
  try {
    await pipeline(source, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPIPE' && code !== 'ECONNRESET' && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

async function store(from: Readable, file: string | undefined, limit: number, onExcess: () => void): Promise<void> {
  if (file === undefined) {
    from.resume();
    return;
  }
  let bytes = 0;
  const counted = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > limit) onExcess();
      else yield chunk;
    }
  };
  await pipeline(from, counted, createWriteStream(file));
}

/** Resolves when nobody holds our pipes any more: in a process namespace, when all in it are gone. */
function closed(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(notSetUp(child.spawnfile, cause.message, cause)));
    child.once('close', () => resolve());
    child.once('exit', () => {
      killGroup(child);
      setTimeout(() => child.stdio.forEach((stream) => stream?.destroy()), LINGER).unref();
    });
  });
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function notSetUp(program: string, found: string, cause?: Error): SlipwayError {
  const message = `The sandbox could not be set up by ${program}: ${lastLines(found, 3)}. Run \`slipway doctor\` here.`;
  return new SlipwayError('INTERNAL', message, { cause });
}
