import type { RestorationReport } from './activities.ts';
import { FAILURES } from './failure.ts';
import type { RecordedFailure, RecordedRollback, Result } from './record.ts';

/**
 * How a deployment that did not complete has ended: one pure function of what went wrong and of what the runtime was
 * seen to do. `rollback` is null when the runtime was never changed.
 */
export function resultOf(failure: RecordedFailure, rollback: RecordedRollback | null): Exclude<Result, 'completed'> {
  if (rollback?.outcome === 'failed') return 'rollback-failed';
  if (failure.code === 'ABORTED') return 'aborted';
  if (rollback !== null) return 'rolled-back';
  return failure.stage === 'change-intake' && FAILURES[failure.code].fault !== 'platform' ? 'rejected' : 'failed';
}

/** What a restoration came to (§13): in time, late, nothing to return to, or left to a person. */
export function rollbackOutcome(
  restored: RestorationReport['outcome'] | null,
  startedAt: number,
  now: number,
  within: number,
): RecordedRollback['outcome'] {
  if (restored === 'restored') return now - startedAt <= within ? 'restored' : 'late';
  if (restored === 'removed') return 'removed';
  return 'failed';
}
