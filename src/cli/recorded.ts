import type { ArtifactStore } from '../artifacts/store.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import { formatTarget, parseTarget, type Target } from '../contract/target.ts';
import { environmentOf } from '../records/platform.ts';
import { targetHistory } from '../records/target.ts';
import type { LoadedPlatform } from '../config/load.ts';

/** Names under which a target's records and acts stand: `record.staging.7`, `act.staging.2`. */
const OF_TARGET = /^(?:record|act)\.([^.]+)\.\d+$/;

/** Every target that the store has a record or an act of, sorted. */
export async function recordedTargets(artifacts: ArtifactStore): Promise<readonly Target[]> {
  const targets = new Set<string>();
  for (const component of await artifacts.components()) {
    const store = artifacts.component(component);
    const names = [...(await store.names('record.')), ...(await store.names('act.'))];
    for (const name of names) {
      const environment = OF_TARGET.exec(name)?.[1];
      if (environment !== undefined) targets.add(`${environment}/${component}`);
    }
  }
  return [...targets].toSorted().flatMap((target) => parseTarget(target) ?? []);
}

/** The sealed record of a request, wherever it went; null when the store has none (it runs still, or never was). */
export async function recordOfRequest(artifacts: ArtifactStore, requestId: string): Promise<DeploymentRecord | null> {
  for (const target of await recordedTargets(artifacts)) {
    const records = await targetHistory(artifacts.component(target.component), target);
    const found = records.find((record) => record.requestId === requestId);
    if (found !== undefined) return found;
  }
  return null;
}

/**
 * Refuses what no target can be: an environment that the platform does not declare, a component that was never ordered.
 * @throws UNKNOWN_ENVIRONMENT, UNKNOWN_COMPONENT
 */
export async function refuseUnknownTarget(
  { platform }: LoadedPlatform,
  artifacts: ArtifactStore,
  target: Target,
): Promise<void> {
  environmentOf(platform, target.environment);
  // Asked of the component first: a registry need not tell which components it has.
  if ((await artifacts.component(target.component).names('')).length > 0) return;
  const known = await artifacts.components();
  if (known.includes(target.component)) return;
  throw new SlipwayError(
    'UNKNOWN_COMPONENT',
    `${formatTarget(target)}: found no component ${target.component} in the store, expected one of ${known.join(', ') || 'none'}; ` +
      'deploy it first, or correct the name',
  );
}
