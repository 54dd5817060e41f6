import type { ComponentStore } from '../artifacts/store.ts';
import type { Hold } from '../contract/acts.ts';
import type { RecentRequest } from '../contract/activities.ts';
import { contentOf } from '../contract/order.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import type { LiveRelease } from '../contract/release.ts';
import { formatDeploymentId, type Target } from '../contract/target.ts';
import { quarantineOf, readActs } from './acts.ts';
import { isActedOn } from './belief.ts';
import { nameOf, numbersUnder } from './names.ts';
import { readRecord, type StandingRecord } from './record.ts';

/** How far back a target's records are read when all that is wanted is the recent past. */
const RECENT = 200;

/** Numbers of a target's deployments that have a record, rising. */
export async function recordedNumbers(store: ComponentStore, target: Target): Promise<readonly number[]> {
  return await numbersUnder(store, nameOf.records(target));
}

/** The newest records of a target, newest first. */
export async function recentRecords(store: ComponentStore, target: Target, most = RECENT): Promise<StandingRecord[]> {
  const records: StandingRecord[] = [];
  for (const n of (await recordedNumbers(store, target)).toReversed().slice(0, most)) {
    const record = await readRecord(store, formatDeploymentId(target, n));
    if (record !== null) records.push(record);
  }
  return records;
}

/** The newest release that completed here and is not quarantined (§13). */
export async function knownHealthyOf(
  store: ComponentStore,
  records: readonly StandingRecord[],
): Promise<LiveRelease | null> {
  for (const { record } of records) {
    const release = completedRelease(record);
    if (release !== null && !(await quarantineOf(store, release.digest)).quarantined) return release;
  }
  return null;
}

/** The release that a completed deployment brought, or null. */
export function completedRelease({ result, artifact, deploymentId }: DeploymentRecord): LiveRelease | null {
  return result === 'completed' && artifact !== null && deploymentId !== null ? { ...artifact, deploymentId } : null;
}

/** The hold that is in force by the target's sealed acts, or null. */
export async function holdOf(store: ComponentStore, target: Target): Promise<Hold | null> {
  let hold: Hold | null = null;
  for (const { act, at, signedBy } of await readActs(store, target)) {
    if (act.kind === 'hold') hold = { by: act.by, reason: act.reason, since: at };
    if (act.kind === 'resume' && (await isActedOn(store, signedBy))) hold = null;
  }
  return hold;
}

/** The requests that a target has answered lately, oldest first. */
export async function recentRequests(
  store: ComponentStore,
  target: Target,
  records: readonly StandingRecord[],
): Promise<RecentRequest[]> {
  const queued = (await readActs(store, target)).flatMap(({ act }) => (act.kind === 'order-ended' ? [act] : []));
  return [...queued, ...records.toReversed()].map(({ record, order }) => ({
    requestId: record.requestId,
    content: contentOf(order),
    deploymentId: record.deploymentId,
  }));
}

/** Every record of a target, oldest first, as `slipway history` shows them; orders that ended in the queue last. */
export async function targetHistory(store: ComponentStore, target: Target): Promise<DeploymentRecord[]> {
  const deployed = (await recentRecords(store, target, Number.POSITIVE_INFINITY))
    .map(({ record }) => record)
    .toReversed();
  const queued = (await readActs(store, target)).flatMap(({ act }) => (act.kind === 'order-ended' ? [act.record] : []));
  return [...deployed, ...queued];
}
