import type { InstanceObservation, Observation } from '../driver.ts';
import type { TargetContext } from './context.ts';
import type { HealthWatch } from './health-watch.ts';
import { instanceFolderOf } from './instance-folder.ts';
import { isStale } from './readiness.ts';

/** What is declared, and what is seen of it at this moment. `starting`: somebody is about to make it true. */
export async function observeTarget(
  context: TargetContext,
  seen: { readonly health: HealthWatch; readonly starting: boolean },
): Promise<Observation> {
  const { target, name, addresses, instances } = context;
  const { generation, live, instance, warm } = context.state();
  const address = instance?.port === null ? null : addresses.find(name);
  return {
    target: name,
    generation,
    live,
    instance: await observeInstance(context, seen),
    warm: warm !== null && instances.isAlive(warm.instance) ? warm.release : null,
    address: address === null ? null : `http://127.0.0.1:${address.port}`,
    instanceFolder: instanceFolderOf(context.instancesFolder, target),
    log: instance?.log ?? null,
    isolation: instance?.isolation ?? instances.isolation,
  };
}

async function observeInstance(
  { target, instances, artifacts, state }: TargetContext,
  { health, starting }: { readonly health: HealthWatch; readonly starting: boolean },
): Promise<InstanceObservation | null> {
  const { live, instance, restarts } = state();
  if (live === null || instance === null) return null;
  const { id, startedAt } = instance;
  const heartbeatAge = instance.port === null ? await instances.heartbeatAge(instance) : null;
  const seen = { id, restarts, startedAt, heartbeatAge };
  if (!instances.isAlive(instance)) return { ...seen, state: starting ? 'starting' : 'exited' };
  const { manifest } = await artifacts.open(target.component, live.digest);
  const healthy = !isStale(heartbeatAge, manifest.health) && health.isHealthy(instance);
  return { ...seen, state: healthy ? 'ready' : 'unhealthy' };
}
