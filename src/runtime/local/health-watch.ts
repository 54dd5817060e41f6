import type { Instances } from './instances.ts';
import type { InstanceSpec } from './launch.ts';
import type { InstanceRecord } from './state.ts';

/** Runs an agent's own health command as often as its manifest says, and remembers what it said. */
export interface HealthWatch {
  /** Runs it, if it is due. */
  look(instance: InstanceRecord, spec: InstanceSpec, signal: AbortSignal): Promise<void>;
  /** False once it failed as often in a row as the manifest allows. */
  isHealthy(instance: InstanceRecord): boolean;
}

export function createHealthWatch(instances: Pick<Instances, 'look'>): HealthWatch {
  let watched: string | null = null;
  let failures = 0;
  let allowed = 1;
  let due = 0;
  return {
    async look(instance, spec, signal) {
      const { health } = spec.artifact.manifest;
      if (!('command' in health)) return;
      if (watched !== instance.id) [watched, failures, due] = [instance.id, 0, 0];
      if (Date.now() < due) return;
      const seen = await instances.look(instance, spec, signal);
      [failures, allowed, due] = [seen === null ? 0 : failures + 1, health.failures, Date.now() + health.interval];
    },
    isHealthy: (instance) => watched !== instance.id || failures < allowed,
  };
}
