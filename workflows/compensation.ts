import {
  CancellationScope,
  condition,
  isCancellation,
  sleep,
  TemporalFailure,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { RestorationReport, RuntimeState } from '../src/contract/activities.ts';
import { breachedRollback, recordedRollback, remarked, remarkOn } from '../src/contract/outcome.ts';
import type { RecordedFailure, RecordedRollback } from '../src/contract/record.ts';
import type { LiveRelease } from '../src/contract/release.ts';
import { SEARCH_ATTRIBUTES } from '../src/contract/search-attributes.ts';
import { triggerOf } from '../src/contract/trigger.ts';
import type { Controls } from './controls.ts';
import { recordedFailure } from './failure.ts';

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
  /** Told, at once, that the rollback is past its bound. */
  readonly breached: (soFar: RecordedRollback) => void;
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
  const begun = { trigger: triggerOf(failure), to, startedAt: Date.now(), within };
  let breachedAt: number | null = null;
  const end = await bounded(within, restore, controls, () => {
    breachedAt = Date.now();
    upsertSearchAttributes([{ key: SEARCH_ATTRIBUTES.result, value: 'ROLLBACK_BREACHED' }]);
    around.breached(breachedRollback({ ...begun, breachedAt }));
    controls.note('ROLLBACK_BREACHED: past its time bound, and still trying; `takeover` hands it to a person');
  });
  around.changed();
  const report = end instanceof TemporalFailure ? null : end;
  const rollback = recordedRollback({
    ...begun,
    endedAt: Date.now(),
    breachedAt,
    restored: report?.outcome ?? null,
    data: report?.data ?? null,
  });
  return { failure: remarked(failure, explanation(end, controls)), rollback, after: report?.after ?? null };
}

/** The report of the restoration, or why there is none: a person took over first, or it was refused. */
async function bounded(
  within: number,
  restore: () => Promise<RestorationReport>,
  controls: Controls,
  breached: () => void,
): Promise<RestorationReport | TemporalFailure> {
  const timer = new CancellationScope();
  const restoring = new CancellationScope();
  controls.setRestoring(true);
  const breach = timer
    .run(() => sleep(within, { summary: 'rollbackWithin: the rollback has to be done (§13)' }))
    .then(breached, ifCancelled);
  const restored = restoring.run(restore).catch(ifTemporal);
  await Promise.race([restored, condition(() => controls.takenOver() !== null)]);
  timer.cancel();
  restoring.cancel();
  const end = await restored; // a restoration that succeeds while it is taken over has succeeded
  await breach;
  controls.setRestoring(false);
  return end;
}

function ifCancelled(error: unknown): void {
  if (!isCancellation(error)) throw error;
}

function ifTemporal(error: unknown): TemporalFailure {
  if (error instanceof TemporalFailure) return error;
  throw error;
}

/** What a reader of the record has to know beside the failure itself. */
function explanation(end: RestorationReport | TemporalFailure, controls: Controls): string | null {
  const person = controls.takenOver();
  if (end instanceof TemporalFailure) {
    return person === null
      ? `the restoration was refused: ${recordedFailure(end, null).message}`
      : `taken over by ${person.by}: ${person.reason}`;
  }
  return remarkOn(end.outcome);
}
