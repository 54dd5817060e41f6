import type { RestorationReport } from './activities.ts';
import { FAILURES } from './failure.ts';
import type { ReleaseRef } from './release.ts';
import type { RollbackTrigger } from './trigger.ts';
import type { RecordedFailure, RecordedRollback, Result } from './record.ts';
import type { DataSeen } from './way-back.ts';

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

export interface RollbackCourse {
  readonly trigger: RollbackTrigger;
  /** Null for a first deployment: there is nothing to return to. */
  readonly to: ReleaseRef | null;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** The declared bound, milliseconds. */
  readonly within: number;
  /** Milliseconds since 1970 when the bound passed first; null when it did not. */
  readonly breachedAt?: number | null;
  readonly data?: DataSeen | null;
  /** What the runtime was seen to do; null when a person took over before. */
  readonly restored: RestorationReport['outcome'] | null;
}

/** A rollback that is past its bound, as it is told while it goes on (§13). */
export function breachedRollback(course: Omit<RollbackCourse, 'endedAt' | 'restored' | 'data'>): RecordedRollback {
  const told = recordedRollback({ ...course, endedAt: course.startedAt, restored: null });
  if (told === null) throw new TypeError('a rollback whose end is not known has a course');
  return { ...told, outcome: 'restoring' };
}

/** What a rollback came to (§13): in time, late, taken out of service, or left to a person. Null: nothing had changed. */
export function recordedRollback(course: RollbackCourse): RecordedRollback | null {
  const { trigger, to, startedAt, endedAt, within, restored, breachedAt = null, data = null } = course;
  if (restored === 'unchanged' || restored === 'recorded') return null;
  const inTime = breachedAt === null && endedAt - startedAt <= within ? 'restored' : 'late';
  const outcome = restored === 'restored' ? inTime : restored === 'removed' ? 'removed' : 'failed';
  return {
    trigger,
    to: to && { version: to.version, digest: to.digest },
    startedAt: new Date(startedAt).toISOString(),
    restoredAt: outcome === 'failed' ? null : new Date(endedAt).toISOString(),
    within,
    breachedAt: breachedAt === null ? null : new Date(breachedAt).toISOString(),
    data: outcome === 'failed' ? null : data,
    outcome,
  };
}

/** A failure whose message says beside what went wrong what a reader has to know of the way back, if anything. */
export function remarked(failure: RecordedFailure, remark: string | null): RecordedFailure {
  return remark === null ? failure : { ...failure, message: `${failure.message} (${remark})` };
}

/** What a reader of the record has to know of a restoration; null when it went as everybody would expect. */
export function remarkOn(restored: RestorationReport['outcome']): string | null {
  if (restored === 'removed') return 'NO_KNOWN_HEALTHY_RELEASE: taken out of service again';
  if (restored === 'left')
    return 'there is no way back, as its change declares: it stays as it is, to be mended forward';
  if (restored === 'superseded') return 'the runtime has moved on under another generation: nothing was restored';
  return null;
}
