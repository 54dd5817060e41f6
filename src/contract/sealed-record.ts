import type { RuntimeState } from './activities.ts';
import type { Act } from './acts.ts';
import type { Order } from './order.ts';
import type { DeploymentRecord } from './record.ts';
import { quarantines } from './trigger.ts';

/** The predicate under which a record is sealed: the record itself, and what the runtime showed then. */
export interface SealedRecord {
  readonly record: DeploymentRecord;
  /** What was asked for, word by word: the same request id stands for the same order. */
  readonly order: Order;
  /** Null where nobody knows: the runtime was left to a person. */
  readonly after: RuntimeState | null;
  /** The sealing activity's clock. @format date-time */
  readonly sealedAt: string;
}

/** Same generation, same release, brought there by the same deployment. */
export function isSameState(a: RuntimeState, b: RuntimeState): boolean {
  return (
    a.generation === b.generation && a.live?.digest === b.live?.digest && a.live?.deploymentId === b.live?.deploymentId
  );
}

/** What the runtime has to show by the newest record; null when that record left it to a person. */
export function expectedState(newest: Pick<SealedRecord, 'after'> | null | undefined): RuntimeState | null {
  return newest ? newest.after : { generation: 0, live: null };
}

/** The predicate of the claim that a deployment is being restored, and therefore never completes. */
export interface RestorationIntent {
  readonly deploymentId: string;
  /** That its activation made, or would have made; null when its change intake had not come so far. */
  readonly generation: number | null;
  /** The claiming activity's clock. @format date-time */
  readonly at: string;
}

/**
 * What follows from a record for its target: a target that rolled back is held, where the environment says so, and a
 * digest that was found bad where it was live is quarantined. A rollback on request that named no version quarantines
 * what it replaced.
 */
export function consequencesOf(
  record: DeploymentRecord,
  order: Order,
  afterRollback: 'hold' | 'continue',
): readonly Act[] {
  const { rollback, failure, artifact, from, deploymentId } = record;
  const by = 'slipway';
  const acts: Act[] = [];
  if (rollback !== null && failure !== null) {
    if (artifact !== null && quarantines(failure.code, failure.stage)) {
      acts.push({ kind: 'quarantine', digest: artifact.digest, by, reason: `${failure.code} in ${deploymentId}` });
    }
    if (afterRollback === 'hold') {
      acts.push({ kind: 'hold', by, reason: `${deploymentId} rolled back: ${failure.code}` });
    }
  }
  if (record.result === 'completed' && order.kind === 'rollback' && order.degradation && afterRollback === 'hold') {
    const { deploymentId: degraded } = order.degradation;
    acts.push({ kind: 'hold', by, reason: `${degraded} degraded after its completion; ${deploymentId} took it back` });
  }
  const wasReplaced = record.result === 'completed' && from !== null && from.digest !== artifact?.digest;
  if (wasReplaced && order.kind === 'rollback' && order.version === null) {
    acts.push({
      kind: 'quarantine',
      digest: from.digest,
      by: order.by,
      reason: `rolled back on request: ${order.reason}`,
    });
  }
  return acts;
}
