import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { SlipwayError } from '../../contract/failure.ts';
import { formatTarget, parseTarget, type Target } from '../../contract/target.ts';
import type { Isolation } from '../driver.ts';
import { openAddresses } from './addresses.ts';
import { recordedIn } from './context.ts';
import { createInstances } from './instances.ts';
import { detectIsolation } from './isolation.ts';
import { lockFolder } from './lock.ts';
import { serveRuntime, type ServedRuntime } from './server.ts';
import type { RuntimeSecrets } from './secrets.ts';
import { ownSocketFolder, socketsOf, tagOf } from './sockets.ts';
import { openState } from './state.ts';
import { createTargetRuntime, type TargetRuntime } from './target.ts';
import { createUnpackedArtifacts, type Images } from './unpacked.ts';

export interface LocalRuntimeOptions {
  /** State, sockets, unpacked artifacts and logs: the runtime's own. */
  readonly folder: string;
  /** Where components keep their state; never written, but for creating a component's empty folder. */
  readonly instances: string;
  /** Stable ports by target; those not named are allocated once and kept. */
  readonly ports: Readonly<Record<string, number>>;
  readonly images: Images;
  /** What instances are given of secrets. */
  readonly secrets: RuntimeSecrets;
  readonly logger: Logger;
  /** What to keep instances apart by; left out, the strongest kind that works here. */
  readonly isolation?: Isolation;
  /** Folders and files that instances must not see, beside the runtime's own; without symbolic links. */
  readonly hidden?: readonly string[];
  /** Milliseconds that requests in flight have to end after a switch; 10 s unless given. */
  readonly drainWithin?: number;
}

export interface LocalRuntime {
  /** Ends all instances and keeps what is declared: the next start brings back what was live. */
  close(): Promise<void>;
}

/** Milliseconds between two looks at every live instance. */
const WATCH = 100;
/** Milliseconds that a start waits for instances that it has to start again, before it answers callers all the same. */
const SETTLE = 10_000;

/**
 * Runs the local runtime in this process: adopts what is recorded and alive, ends what is not recorded, starts again
 * what is recorded and dead, and only then answers on its sockets.
 * @throws ALREADY_UP when one runs on this folder; FILE_INVALID when its state cannot be read.
 */
export async function startLocalRuntime(options: LocalRuntimeOptions): Promise<LocalRuntime> {
  const lock = await lockFolder(options.folder);
  try {
    const stop = await run(options);
    return {
      async close() {
        await stop();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function run({ logger, secrets, ...options }: LocalRuntimeOptions): Promise<() => Promise<void>> {
  // Where a path is covered for an instance, it has to be the real one.
  const folder = await realpath(options.folder);
  const instancesFolder = resolve(options.instances);
  const tag = tagOf(folder);
  const sockets = socketsOf(options.folder);
  await ownSocketFolder(sockets);
  const closing = new AbortController();

  const state = await openState(folder);
  const drainWithin = options.drainWithin ?? 10_000;
  const addresses = await openAddresses({ state, configured: options.ports, seed: tag, drainWithin, logger });
  const artifacts = createUnpackedArtifacts({ folder: join(folder, 'artifacts'), images: options.images });
  const hidden = [...new Set([folder, await realpath(sockets.folder), ...(options.hidden ?? [])])];
  const isolation = options.isolation ?? (await detectIsolation(folder));
  const instances = createInstances({ folder, hidden, tag, isolation, mask: secrets.mask, logger });

  const targets = new Map<string, TargetRuntime>();
  function targetOf(target: Target): TargetRuntime {
    const name = formatTarget(target);
    const known = targets.get(name);
    if (known !== undefined) return known;
    const made = createTargetRuntime({
      target,
      name,
      folder,
      instancesFolder,
      artifacts,
      addresses,
      instances,
      secrets,
      logger: logger.child({ target: name }),
      closing: closing.signal,
      state: () => state.target(name),
      async save(next) {
        await state.saveTarget(name, next);
        addresses.find(name)?.countOnly(recordedIn(next));
      },
    });
    targets.set(name, made);
    return made;
  }

  const recorded = state.targets().map((name) => state.target(name));
  const known = state.targets().map((name) => targetOf(parseTarget(name) as Target));
  for (const target of known) target.adopt();
  await addresses.listenAll();
  await instances.endAllBut(recorded.flatMap(recordedIn));
  await artifacts.keepOnly(
    recorded.flatMap(({ live, warm }) => [live, warm?.release].flatMap((one) => one?.digest ?? [])),
  );
  await Promise.race([Promise.all(known.map((target) => target.resume())), delay(SETTLE, undefined, { ref: false })]);

  const watch = setInterval(() => {
    for (const [name, target] of targets) {
      target.watch().catch((error: unknown) => logger.error({ err: error, target: name }, 'watch failed'));
    }
    void addresses.listenAll();
  }, WATCH);

  const runtime = {
    observe: (target: Target) => targetOf(target).observe(),
    observeAll: () => Promise.all(state.targets().map((name) => targetOf(parseTarget(name) as Target).observe())),
    measure: async (target: Target) => targetOf(target).measure(),
    prove: ({ target, release }, signal) => targetOf(target).prove(release, signal ?? closing.signal),
    activate: (activation, signal) => targetOf(activation.target).activate(activation, signal ?? closing.signal),
    restore: (restoration, signal) => targetOf(restoration.target).restore(restoration, signal ?? closing.signal),
    retire: ({ target, deploymentId }) => targetOf(target).retire(deploymentId),
  } satisfies ServedRuntime;
  const stopServing = await serveRuntime(runtime, sockets, { logger, mask: secrets.mask });
  logger.info({ folder, isolation }, 'local runtime ready');

  return async () => {
    clearInterval(watch);
    closing.abort(new SlipwayError('RUNTIME_UNAVAILABLE', 'The local runtime is stopping.'));
    await stopServing();
    await addresses.close();
    await Promise.all([...targets.values()].map((target) => target.close()));
  };
}
