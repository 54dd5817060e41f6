import { createBackoff } from './backoff.ts';
import { recordedIn, type TargetContext } from './context.ts';
import type { Convergence } from './convergence.ts';
import type { HealthWatch } from './health-watch.ts';
import { capLog } from './log.ts';
import type { Mutex } from './mutex.ts';
import { specOf } from './spec.ts';

/** The care for a target's live instance between the calls of the driver. */
export interface Supervision {
  /** After a start of the runtime: puts a live instance that is still alive behind its address. */
  adopt(): void;
  /** After a start of the runtime: starts again what is declared live and is not alive. */
  resume(): Promise<void>;
  /** Starts the live instance again when it ended, with a growing pause. To be called several times a second. */
  watch(): Promise<void>;
  /** Ends its instances and keeps what is declared; `closing` must have been aborted before. */
  close(): Promise<void>;
}

export function createSupervision(
  context: TargetContext,
  { mutex, convergence, health }: { mutex: Mutex; convergence: Convergence; health: HealthWatch },
): Supervision {
  const { target, name, artifacts, addresses, instances, logger, closing, state, save } = context;
  const backoff = createBackoff();
  let looking = false;

  function isUp(): boolean {
    const { instance } = state();
    return instance !== null && instances.isAlive(instance);
  }

  /** `counted`: because it ended by itself, not because the runtime had stopped it. */
  async function startAgain(counted: boolean): Promise<void> {
    if (state().live === null || closing.aborted || isUp()) return;
    try {
      if (counted) await save({ ...state(), restarts: state().restarts + 1 });
      await convergence.run();
      logger.info({ restarts: state().restarts }, 'instance started again');
    } catch (error) {
      logger.warn({ err: error }, 'instance could not be started again');
    }
    backoff.count();
  }

  async function look(): Promise<void> {
    const { live, instance } = state();
    if (live === null || mutex.busy || closing.aborted) return;
    if (instance === null || !instances.isAlive(instance)) {
      addresses.find(name)?.switchTo(null);
      if (backoff.due()) await mutex.run(() => startAgain(true));
      return;
    }
    await capLog(instance.log);
    const artifact = await artifacts.open(target.component, live.digest);
    if ('command' in artifact.manifest.health) {
      await health.look(instance, await specOf(context, artifact, instance.port), closing);
    }
  }

  return {
    adopt() {
      const { instance } = state();
      if (instance === null || !instances.isAlive(instance)) return;
      addresses.find(name)?.switchTo(instance);
      logger.info({ instance: instance.id }, 'instance adopted');
    },
    resume: () => mutex.run(() => startAgain(state().instance !== null)),
    async watch() {
      if (looking) return;
      looking = true;
      await look().finally(() => {
        looking = false;
      });
    },
    close: () =>
      mutex.run(async () => {
        const recorded = recordedIn(state());
        await Promise.all(recorded.map((instance) => instances.end(instance)));
        if (recorded.length > 0) await save({ ...state(), instance: null, warm: null });
      }),
  };
}
