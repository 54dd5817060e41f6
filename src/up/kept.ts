import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError } from '../contract/failure.ts';
import { launch, type ChildSpec, type Run } from './child.ts';

/** Milliseconds before it is started again, by how often it ended without staying up. */
const BACKOFF = [100, 200, 400, 800, 1_600, 3_200, 5_000] as const;
/** How often it may end before it is ready for the first time: a port may still be in use for a moment. */
const FIRST_ATTEMPTS = 5;
/** Milliseconds after which it counts as having stayed up. */
const STAYED_UP = 30_000;

/** Lines of its log that people are shown: enough for a crash of Node, whose message stands above its stack. */
const LAST_WORDS = 12;

export interface KeepOptions {
  readonly logs: string;
  readonly report: (line: string) => void;
  /** Milliseconds from start to ready. */
  readonly readyWithin: number;
  /** Aborted when nothing is to be started again. */
  readonly closing: AbortSignal;
}

/** One process that is started again whenever it ends, until `closing`. */
export interface Kept {
  readonly name: string;
  readonly pid: () => number | undefined;
  /** Resolves when it was ready for the first time. */
  readonly ready: Promise<void>;
  /** Ends it in good order; it is started again. */
  readonly restart: () => Promise<void>;
  /** Stops it, `closing` being aborted. Resolves when it has ended. */
  readonly stop: () => Promise<void>;
}

/** Starts a process and keeps it running. */
export function keep(spec: ChildSpec, { logs, report, readyWithin, closing }: KeepOptions): Kept {
  let run: Run | null = null;

  /** Starts one run; null when it is ready, else why it is not. */
  async function start(): Promise<string | null> {
    let started: Run;
    try {
      started = await launch(spec, logs);
    } catch (error) {
      if (error instanceof SlipwayError) return error.message;
      throw error;
    }
    run = started;
    if (closing.aborted) await started.stop();
    const settled = new AbortController();
    const late = delay(readyWithin, `not ready within ${readyWithin} ms`, { signal: settled.signal });
    const why = await Promise.race([started.ready.then(() => null), started.ended, late]);
    late.catch(() => {});
    settled.abort();
    if (why !== null) await started.stop();
    return why;
  }

  async function becomeReady(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const why = await start();
      if (why === null) return;
      if (closing.aborted || attempt === FIRST_ATTEMPTS) throw await notReady(spec, why, logs);
      await backOff(attempt);
    }
  }

  async function stayUp(): Promise<void> {
    for (let ends = 0, why: string | null = null; ;) {
      const since = Date.now();
      const how = why ?? (await run?.ended);
      if (closing.aborted) return;
      ends = Date.now() - since > STAYED_UP ? 1 : ends + 1;
      report(`${spec.name} ended (${how}); starting it again`);
      await backOff(ends);
      why = await start();
      if (why === null) report(`${spec.name} is ready again`);
    }
  }

  async function backOff(ends: number): Promise<void> {
    await delay(BACKOFF[Math.min(ends, BACKOFF.length) - 1], undefined, { signal: closing });
  }

  const ready = becomeReady();
  const over = ready.then(stayUp).catch(() => {});
  return {
    name: spec.name,
    pid: () => run?.pid,
    ready,
    restart: async () => run?.stop(),
    stop: async () => {
      await run?.stop();
      await over;
    },
  };
}

async function notReady(spec: ChildSpec, why: string, logs: string): Promise<SlipwayError> {
  const log = join(logs, `${spec.name}.log`);
  const said = (await readFile(log, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-LAST_WORDS).join('\n  ');
  return new SlipwayError(
    spec.absence,
    `${spec.name} did not become ready: ${why}. It last said:\n  ${said}\nAll it said is in ${log}.`,
  );
}
