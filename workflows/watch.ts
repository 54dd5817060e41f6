import { CancellationScope, isCancellation, TemporalFailure } from '@temporalio/workflow';
import { degradationOrder, submitted, unwatched } from '../src/contract/lane.ts';
import type { Digest } from '../src/contract/digest.ts';
import { degradedEvent, type Receiver } from '../src/contract/event.ts';
import { formatTarget } from '../src/contract/target.ts';
import type { WatchDuty, WatchReport } from '../src/contract/watch.ts';
import type { activitiesFor } from './activities.ts';
import { recordedFailure } from './failure.ts';
import type { openLane } from './lane.ts';
import { openNotifications } from './notifications.ts';

/** What a lane knows of the release that it watches after its completion (§12). */
export interface Watch {
  /** Begins what the lane's state says is to be watched, unless it is watched already. */
  readonly keep: () => void;
  /** Gives it up, and resolves once it has ended: the lane's next run goes on with it. */
  readonly stop: () => Promise<void>;
}

/**
 * Watches the live release for as long as its environment says. One that degrades is quarantined, and the lane orders
 * the rollback itself, which waits for its turn as every order does.
 */
export function openWatch(
  lane: Pick<ReturnType<typeof openLane>, 'state' | 'apply' | 'note' | 'quarantine'>,
  carryOut: Pick<ReturnType<typeof activitiesFor>, 'watchRelease'>,
): Watch {
  let current: {
    readonly deploymentId: string;
    readonly scope: CancellationScope;
    readonly ended: Promise<void>;
  } | null = null;

  let receivers: readonly Receiver[] = [];
  const notifications = openNotifications(() => receivers);

  function keep(): void {
    const duty = lane.state().watch ?? null;
    if (duty === null || current?.deploymentId === duty.deploymentId) return;
    current?.scope.cancel();
    const scope = new CancellationScope();
    current = { deploymentId: duty.deploymentId, scope, ended: watch(duty, scope) };
  }

  async function watch(duty: WatchDuty, scope: CancellationScope): Promise<void> {
    const report = await scope
      .run(() => carryOut.watchRelease(duty))
      .catch((error: unknown) => notWatched(error, duty.deploymentId));
    if (current?.scope === scope) current = null;
    if (report === null) return;
    lane.apply((state) => unwatched(state, duty));
    if (report.outcome === 'degraded' && report.evidence !== null) await revert(report, report.evidence);
  }

  async function revert(report: WatchReport, evidence: Digest): Promise<void> {
    const { live, target } = lane.state();
    if (live?.deploymentId !== report.deploymentId) return;
    const { deploymentId, digest } = live;
    const { reason, hasWayBack = false } = report;
    receivers = report.receivers ?? [];
    const at = new Date().toISOString();
    notifications.tell(degradedEvent({ ...live, target: formatTarget(target), reason, at, hasWayBack }));
    const why = `HEALTH_DEGRADED in ${deploymentId} after its completion`;
    await lane.quarantine({ digest, reason: why, key: `${deploymentId}:degraded` });
    const order = degradationOrder(lane.state(), { deploymentId, evidence }, reason);
    lane.apply((state) => submitted(state, order, at));
  }

  /** Null where it was given up; what cannot be watched is noted, and left. */
  function notWatched(error: unknown, deploymentId: string): WatchReport | null {
    if (isCancellation(error)) return null;
    if (!(error instanceof TemporalFailure)) throw error;
    const { message } = recordedFailure(error, null);
    lane.note(`not watched: ${message}`);
    return { deploymentId, outcome: 'overtaken', reason: message, evidence: null };
  }

  return {
    keep,
    async stop() {
      current?.scope.cancel();
      await current?.ended;
      await notifications.started();
    },
  };
}
