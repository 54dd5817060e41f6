import { CancellationScope, isCancellation, TemporalFailure } from '@temporalio/workflow';
import { degradationOrder, submitted, unwatched } from '../src/contract/lane.ts';
import type { WatchDuty, WatchReport } from '../src/contract/watch.ts';
import type { activitiesFor } from './activities.ts';
import { recordedFailure } from './failure.ts';
import type { openLane } from './lane.ts';

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

  function keep(): void {
    const duty = lane.state().watch ?? null;
    if (duty === null || current?.deploymentId === duty.deploymentId) return;
    current?.scope.cancel();
    const scope = new CancellationScope();
    current = { deploymentId: duty.deploymentId, scope, ended: watch(duty, scope) };
  }

  async function watch(duty: WatchDuty, scope: CancellationScope): Promise<void> {
    const report = await scope.run(() => carryOut.watchRelease(duty)).catch(notWatched);
    if (current?.scope === scope) current = null;
    if (report === null) return;
    lane.apply((state) => unwatched(state, duty));
    if (report.outcome === 'degraded' && report.evidence !== null) await revert(duty, report.reason, report.evidence);
  }

  async function revert(
    duty: WatchDuty,
    reason: string,
    evidence: NonNullable<WatchReport['evidence']>,
  ): Promise<void> {
    const { live } = lane.state();
    if (live?.deploymentId !== duty.deploymentId) return;
    const why = `HEALTH_DEGRADED in ${duty.deploymentId} after its completion`;
    await lane.quarantine({ digest: live.digest, reason: why, key: `${duty.deploymentId}:degraded` });
    const order = degradationOrder(lane.state(), { deploymentId: duty.deploymentId, evidence }, reason);
    lane.apply((state) => submitted(state, order, new Date().toISOString()));
  }

  /** Null where it was given up; what cannot be watched is noted, and left. */
  function notWatched(error: unknown): WatchReport | null {
    if (isCancellation(error)) return null;
    if (!(error instanceof TemporalFailure)) throw error;
    const { message } = recordedFailure(error, null);
    lane.note(`not watched: ${message}`);
    return { outcome: 'overtaken', reason: message, evidence: null };
  }

  return {
    keep,
    async stop() {
      current?.scope.cancel();
      await current?.ended;
    },
  };
}
