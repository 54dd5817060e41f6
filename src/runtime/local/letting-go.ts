import { effect } from '../../failpoints.ts';
import { recordedIn, type TargetContext } from './context.ts';
import type { InstanceRecord, TargetState } from './state.ts';

/** Takes instances out of service that are live no more, aside from the calls that made it so. */
export interface LettingGo {
  /** Drains what `after` does not have live, and ends what it does not record at all. */
  begin(before: TargetState, after: TargetState): void;
  /** Resolves when all of it is done. */
  done(): Promise<void>;
}

export function createLettingGo({ name, addresses, instances, logger }: TargetContext): LettingGo {
  const underWay = new Set<Promise<void>>();

  async function letGo(instance: InstanceRecord, keptWarm: boolean): Promise<void> {
    try {
      await effect('driver.let-go', instance.id, async (midway) => {
        if (instance.port !== null) await addresses.find(name)?.drain(instance);
        midway();
        if (!keptWarm) await instances.end(instance);
      });
    } catch (error) {
      logger.error({ err: error, instance: instance.id }, 'instance did not end');
    }
  }

  return {
    begin(before, after) {
      const kept = new Set(recordedIn(after).map((instance) => instance.id));
      for (const instance of recordedIn(before)) {
        if (instance.id === after.instance?.id) continue;
        const work = letGo(instance, kept.has(instance.id)).finally(() => underWay.delete(work));
        underWay.add(work);
      }
    },
    async done() {
      await Promise.all(underWay);
    },
  };
}
