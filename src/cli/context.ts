import { join } from 'node:path';
import { pino, stdTimeFunctions, type Logger } from 'pino';
import { openStore } from '../artifacts/open.ts';
import type { ArtifactStore } from '../artifacts/store.ts';
import type { Slipway } from '../client/slipway.ts';
import { loadPlatform, pathsOf, type LoadedPlatform, type PlatformPaths } from '../config/load.ts';
import { takingTurns } from '../locks/turn.ts';
import type { LocalObserver } from '../runtime/local/client.ts';
import type { SourceRepository } from '../source/repository.ts';
import type { CommonOptions } from './command.ts';
import { createOutput, type Output, type Terminal } from './report/output.ts';
import { openReader } from '../signing/open.ts';
import type { Awaited } from './worker-watch.ts';

/** All that commands work with; each part is opened when a command first asks for it. */
export interface Context {
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
  /** To stderr; warnings and worse unless `SLIPWAY_LOG` says otherwise. */
  readonly logger: Logger;
  /** @throws FILE_INVALID */
  readonly platform: () => Promise<LoadedPlatform>;
  readonly artifacts: () => Promise<ArtifactStore>;
  /** @throws TEMPORAL_UNAVAILABLE within five seconds of the command's start */
  readonly slipway: () => Promise<Slipway>;
  /** How many workers poll a task queue. */
  readonly pollers: (queue: Pick<Awaited, 'taskQueue' | 'kind'>) => Promise<number>;
  /** Reads a source through the command line's own mirror, brought up to date; one process at a time. @throws UNKNOWN_SOURCE */
  readonly withSource: <T>(name: string, read: (repository: SourceRepository) => Promise<T>) => Promise<T>;
  readonly observer: () => Promise<LocalObserver>;
  /** Aborted by Ctrl-C or SIGTERM; asked for by commands that wait, and end in good order. */
  readonly interruption: () => AbortSignal;
  readonly close: () => Promise<void>;
}

export type OpenContext = (terminal: Terminal, options: CommonOptions) => Context;

/** The context of a real process. Opens nothing itself. */
export const openContext: OpenContext = (terminal, { config = 'platform.yaml', json = false }) => {
  const { env } = terminal;
  const platform = once(() => loadPlatform(config));
  const paths = async (): Promise<PlatformPaths> => pathsOf(await platform());
  const server = once(async () => {
    const { state } = await paths();
    // Loaded late: Temporal's client is half of the start-up time, and many commands can do without it.
    const { openServer } = await import('./server.ts');
    return await openServer(state, env);
  });
  return {
    output: createOutput(terminal, json),
    env,
    logger: createLogger(terminal),
    platform,
    artifacts: once(async () => {
      const loaded = await platform();
      return await openStore(loaded, { env, notary: openReader({ loaded, env }) });
    }),
    slipway: async () => (await server()).slipway,
    pollers: async (queue) => (await server()).pollers(queue),
    async withSource(name, read) {
      const { createSourceOpener } = await import('../source/open.ts');
      const mirrors = join((await paths()).sources, 'client');
      const repository = createSourceOpener(mirrors)(await platform(), name);
      return await takingTurns(join(mirrors, name), async () => {
        await repository.fetch();
        return await read(repository);
      });
    },
    observer: once(async () => {
      const { createLocalObserver } = await import('../runtime/local/client.ts');
      return createLocalObserver({ folder: join((await paths()).state, 'runtime') });
    }),
    interruption: once(untilInterrupted),
    async close() {
      const opened = await server.opened()?.catch(() => null);
      await opened?.close();
    },
  };
};

/** Opens something when it is first asked for, and never twice. */
function once<T>(open: () => T): (() => T) & { opened(): T | null } {
  let opened: { readonly value: T } | null = null;
  const ask = (): T => (opened ??= { value: open() }).value;
  return Object.assign(ask, { opened: () => opened?.value ?? null });
}

/** A second Ctrl-C ends the process at once. */
function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

function createLogger({ stderr, env }: Terminal): Logger {
  const level = env['SLIPWAY_LOG'] ?? 'warn';
  const options = { level, base: null, timestamp: stdTimeFunctions.isoTime };
  return pino(options, { write: (line: string) => void stderr.write(line) });
}
