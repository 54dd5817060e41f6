import { emptyLane, type LaneState } from '../contract/lane.ts';
import { formatTarget, type Target } from '../contract/target.ts';
import { expectedState } from '../records/known-state.ts';
import { holdOf, knownHealthyOf, recentRecords } from '../records/target.ts';
import type { ArtifactStore } from '../artifacts/store.ts';
import type { Context } from './context.ts';
import { recordedTargets, refuseUnknownTarget } from './recorded.ts';

/** A target as `slipway status --json` shows it. */
export interface TargetView extends Pick<
  LaneState,
  'live' | 'knownHealthy' | 'generation' | 'hold' | 'running' | 'queue'
> {
  /** `environment/component` */
  readonly target: string;
  /** Until when the live release is watched after its completion; null while nobody watches it. */
  readonly watchedUntil: string | null;
}

export function viewOf(lane: LaneState): TargetView {
  const { live, knownHealthy, generation, hold, running, queue, watch = null } = lane;
  const watchedUntil = watch?.until ?? null;
  return { target: formatTarget(lane.target), live, knownHealthy, generation, hold, running, queue, watchedUntil };
}

/** Every target that has a lane or a record, sorted. What has no lane is as the store knows it. */
export async function viewOfAll(context: Context): Promise<readonly TargetView[]> {
  const slipway = await context.slipway();
  const artifacts = await context.artifacts();
  const views = new Map((await slipway.lanes()).map((lane) => [formatTarget(lane.target), viewOf(lane)]));
  for (const target of await recordedTargets(artifacts)) {
    const name = formatTarget(target);
    if (!views.has(name)) views.set(name, await viewOfOne(context, artifacts, target));
  }
  return [...views.values()].toSorted((a, b) => a.target.localeCompare(b.target, 'en'));
}

/** One target. @throws UNKNOWN_ENVIRONMENT, UNKNOWN_COMPONENT */
export async function viewOfTarget(context: Context, target: Target): Promise<TargetView> {
  const artifacts = await context.artifacts();
  const lane = await (await context.slipway()).lane(formatTarget(target));
  if (lane !== null) return viewOf(lane);
  await refuseUnknownTarget(await context.platform(), artifacts, target);
  return viewOf(await recordedLane(artifacts, target));
}

/** A lane is asked by its name as well: the list of lanes lags. */
async function viewOfOne(context: Context, artifacts: ArtifactStore, target: Target): Promise<TargetView> {
  const lane = await (await context.slipway()).lane(formatTarget(target));
  return viewOf(lane ?? (await recordedLane(artifacts, target)));
}

/** What a lane would find in the store when it begins. */
async function recordedLane(artifacts: ArtifactStore, target: Target): Promise<LaneState> {
  const store = artifacts.component(target.component);
  const records = await recentRecords(store, target);
  const { live, generation } = expectedState(records[0]) ?? { live: null, generation: 0 };
  const [knownHealthy, hold] = await Promise.all([knownHealthyOf(store, records), holdOf(store, target)]);
  return { ...emptyLane(target), live, generation, knownHealthy, hold };
}
