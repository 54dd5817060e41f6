import { setMaxListeners } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { pino } from 'pino';
import { openStore } from '../artifacts/open.ts';
import type { ArtifactStore } from '../artifacts/store.ts';
import { createSlipway, type Slipway } from '../client/slipway.ts';
import { pathsOf } from '../config/load.ts';
import { createLocalObserver, type LocalObserver } from '../runtime/local/client.ts';
import { connect } from '../temporal/connection.ts';
import { openReader } from '../signing/open.ts';
import { startPlatform } from '../up/up.ts';
import { prepareFolder, type DemoFolder } from './folder.ts';
import { ownNamespace } from './namespace.ts';
import type { Story } from './story.ts';

/** A story's platform with everything on it running, and what the story is told with. */
export interface Playing extends DemoFolder {
  readonly story: Story;
  readonly slipway: Slipway;
  readonly observer: LocalObserver;
  readonly artifacts: ArtifactStore;
  /** Address of the Temporal UI; null when the server is somebody else's. */
  readonly ui: string | null;
  /** Address of the Temporal server, and the namespace that the story plays in. */
  readonly server: { readonly address: string; readonly namespace: string };
  /** Does `work`; its calls to Temporal that are under way end with the signal. */
  readonly heeding: <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;
  /** Process ids of what was started, by name. */
  readonly pids: ReadonlyMap<string, number>;
  /** Stops everything that was started, and lets the next demo begin in this folder. */
  readonly close: () => Promise<void>;
}

export interface PlayOptions {
  readonly story: Story;
  readonly folder: string;
  /** See {@link prepareFolder}. */
  readonly sandbox: 'none' | null;
  readonly env: NodeJS.ProcessEnv;
  /** Told, for people, what is going on, a line each. */
  readonly report: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Makes the folder and starts everything. Nothing is left running when it throws. */
export async function startPlaying(options: PlayOptions): Promise<Playing> {
  const { story, folder, sandbox } = options;
  const prepared = await prepareFolder(folder, story, sandbox);
  const undo = [() => rm(prepared.keys, { recursive: true, force: true }), prepared.release];
  try {
    options.signal.throwIfAborted();
    const own = await ownNamespace(options.env);
    undo.unshift(() => own.remove());
    const env = { ...own.env, SLIPWAY_KEYS: prepared.keys };
    const platform = await startAll(options, prepared, env);
    undo.unshift(() => platform.close());
    const connection = await connect(platform.location);
    // Last of all: Temporal's client ends the process when it tries a call again on a connection that is closed.
    undo.push(() => connection.close());
    const { address, namespace } = platform.location;
    const { state } = pathsOf(prepared.loaded);
    return {
      ...prepared,
      story,
      slipway: createSlipway(new Client({ connection, namespace })),
      observer: createLocalObserver({ folder: join(state, 'runtime') }),
      artifacts: await openStore(prepared.loaded, { env, notary: openReader({ loaded: prepared.loaded, env }) }),
      ui: platform.ui,
      server: { address, namespace },
      heeding: (signal, work) => connection.withAbortSignal(oneForManyCalls(signal), work),
      pids: platform.pids(),
      close: () => inOrder(undo),
    };
  } catch (error) {
    await inOrder(undo).catch(() => {}); // the first error is the one to mend
    throw error;
  }
}

type Platform = Awaited<ReturnType<typeof startPlatform>>;

/** The signal ends the start, and not what was started: that is closed in its order. */
async function startAll(
  { report, signal }: PlayOptions,
  { loaded }: DemoFolder,
  env: NodeJS.ProcessEnv,
): Promise<Platform> {
  const logs = join(pathsOf(loaded).state, 'logs');
  await mkdir(logs, { recursive: true });
  const logger = pino(pino.destination({ dest: join(logs, 'demo.log'), sync: true }));
  const starting = new AbortController();
  const giveUp = (): void => starting.abort(signal.reason);
  signal.addEventListener('abort', giveUp);
  try {
    return await startPlatform({ loaded, env, logger, report, signal: starting.signal });
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** Temporal's client adds a listener with each call and never takes it away; Node warns of the eleventh. */
function oneForManyCalls(signal: AbortSignal): AbortSignal {
  const its = AbortSignal.any([signal]);
  setMaxListeners(0, its);
  return its;
}

/** Each is done, whatever becomes of the one before. @throws what went wrong first */
async function inOrder(acts: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const act of acts) await act().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
