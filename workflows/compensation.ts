import { CancellationScope, condition, isCancellation, sleep, upsertSearchAttributes } from '@temporalio/workflow';
import type { RestorationReport, RuntimeState } from '../src/contract/activities.ts';
import { recordedRollback } from '../src/contract/outcome.ts';
import type { RecordedFailure, RecordedRollback } from '../src/contract/record.ts';
import type { LiveRelease } from '../src/contract/release.ts';
import { SEARCH_ATTRIBUTES } from '../src/contract/search-attributes.ts';
import { triggerOf } from '../src/contract/trigger.ts';
import type { Controls } from './controls.ts';

/** The way back of one deployment: idempotent, fenced by its generation, bounded in time (§13). */
export interface Compensation {
  readonly restore: () => Promise<RestorationReport>;
  readonly to: LiveRelease | null;
  /** Milliseconds. */
  readonly within: number;
}

export interface CompensationEnd {
  readonly failure: RecordedFailure;
  /** Null when the runtime had not changed. */
  readonly rollback: RecordedRollback | null;
  /** What the runtime shows; null where nobody knows. */
  readonly after: RuntimeState | null;
}

interface Circumstances {
  readonly failure: RecordedFailure;
  readonly controls: Controls;
  readonly changed: () => void;
}

/**
 * Restores the version before until it was seen healthy, however long that takes, or until a person takes over. Past
 * its bound it says so at once, and goes on.
 */
export async function compensate(compensation: Compensation | null, around: Circumstances): Promise<CompensationEnd> {
  const { failure, controls } = around;
  if (compensation === null) return { failure, rollback: null, after: null };
  const { restore, to, within } = compensation;
  const startedAt = Date.now();
  const report = await bounded(within, restore, around);
  const person = controls.takenOver();
  const rollback = recordedRollback({
    trigger: triggerOf(failure),
    to,
    startedAt,
    endedAt: Date.now(),
    within,
    restored: report?.outcome ?? null,
  });
  return { failure: explained(failure, rollback, report === null ? person : null), rollback, after: report?.after ?? null };
}

/** The report of the restoration, or null when a person took over first. */
async function bounded(
  within: number,
  restore: () => Promise<RestorationReport>,
  { controls, changed }: Circumstances,
): Promise<RestorationReport | null> {
  const timer = new CancellationScope();
  const restoring = new CancellationScope();
  const breached = timer.run(() => sleep(within, { summary: 'rollbackWithin: the rollback has to be done (§13)' }));
  const breach = unlessCancelled(breached.then(() => sayBreached(controls)));
  const restored = unlessCancelled(restoring.run(restore));
  const report = await Promise.race([restored, condition(() => controls.takenOver() !== null).then(() => null)]);
  timer.cancel();
  restoring.cancel();
  const late = await restored; // a restoration that succeeds while it is taken over has succeeded
  await breach;
  changed();
  return report ?? late;
}

function sayBreached(controls: Controls): void {
  controls.note('ROLLBACK_BREACHED: past its time bound, and still trying; `takeover` hands it to a person');
  upsertSearchAttributes([{ key: SEARCH_ATTRIBUTES.result, value: 'ROLLBACK_BREACHED' }]);
}

async function unlessCancelled<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (isCancellation(error)) return null;
    throw error;
  }
}

/** Adds what a reader of the record has to know beside the failure itself. */
function explained(
  failure: RecordedFailure,
  rollback: RecordedRollback | null,
  person: { by: string; reason: string } | null,
): RecordedFailure {
  if (rollback?.outcome === 'removed') {
    return { ...failure, message: `${failure.message} (NO_KNOWN_HEALTHY_RELEASE: taken out of service again)` };
  }
  if (person !== null) return { ...failure, message: `${failure.message} (taken over by ${person.by}: ${person.reason})` };
  return failure;
}
