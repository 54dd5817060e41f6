import {
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  setCurrentDetails,
  TemporalFailure,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { RestorationInput, RestorationReport } from '../src/contract/activities.ts';
import { breachedEvent, endedEvent, type Receiver } from '../src/contract/event.ts';
import { isOf, type Evidence } from '../src/contract/evidence.ts';
import type { Order } from '../src/contract/order.ts';
import { resultOf } from '../src/contract/outcome.ts';
import { beginStage, endStage, openRecord, withEvidence, type DeploymentRecord } from '../src/contract/record.ts';
import { changedAttributes } from '../src/contract/search-attributes.ts';
import { STAGES, type Stage } from '../src/contract/stages.ts';
import { formatDeploymentId } from '../src/contract/target.ts';
import type { activitiesFor } from './activities.ts';
import { compensate, type Compensation } from './compensation.ts';
import { openControls } from './controls.ts';
import { describeRun } from './details.ts';
import { closingFailure, failureDetails, recordedFailure } from './failure.ts';
import { openNotifications } from './notifications.ts';

/** One deployment as it goes: its record so far, what people ask of it, and the way back. */
export function openRun(n: number, order: Order, carryOut: Pick<ReturnType<typeof activitiesFor>, 'sealRecord'>) {
  const deploymentId = formatDeploymentId(order.target, n);
  const stages = new CancellationScope();
  let record = openRecord(deploymentId, order);
  let compensation: Compensation | null = null;
  let receivers: readonly Receiver[] = [];
  const notifications = openNotifications(() => receivers);
  const controls = openControls({ record: () => record, abort: () => stages.cancel(), changed: show });

  /** Notes when a stage began, when it ended, how, and what it sealed. */
  async function during<T>(stage: Stage, act: () => Promise<T>, passed: (done: T) => DeploymentRecord): Promise<T> {
    record = beginStage(record, stage, now());
    show();
    if (stage !== STAGES[0]) upsertSearchAttributes(changedAttributes(record));
    try {
      const done = await act();
      record = passed(done);
      return done;
    } catch (error) {
      const details = failureDetails(error);
      receivers = details?.receivers ?? receivers;
      record = endStage(record, isCancellation(error) ? 'aborted' : 'failed', now(), details?.evidence ?? null);
      throw error;
    }
  }

  return {
    deploymentId,

    /** Runs the stages; an abort, or a cancellation from the UI, stops them wherever they are. */
    abortable: <T>(run: () => Promise<T>): Promise<T> => stages.run(run),

    stage<S extends Exclude<Stage, 'completion'>>(stage: S, act: () => Promise<Evidence<S>>): Promise<Evidence<S>> {
      return during(stage, act, (evidence: Evidence<Stage>) => {
        if (isOf('change-intake', evidence)) receivers = evidence.facts.receivers ?? [];
        return withEvidence(record, evidence, now());
      }) as Promise<Evidence<S>>;
    },

    /** Registers the way back, before the act that it undoes. */
    compensateWith(
      change: Evidence<'change-intake'>,
      restore: (restoration: RestorationInput) => Promise<RestorationReport>,
    ): void {
      const { from, generation, rollbackWithin } = change.facts;
      const restoration = { deploymentId, generation: generation + 1, to: from };
      compensation = { restore: () => restore(restoration), to: from, within: rollbackWithin };
    },

    /** The seventh stage, once all six before it have passed. */
    complete(act: (draft: DeploymentRecord) => Promise<DeploymentRecord>): Promise<DeploymentRecord> {
      return during(
        'completion',
        () => act(record),
        (sealed) => sealed,
      );
    },

    /** Closes as what was sealed says: with the record, or as Failed with the record in the details. */
    close,

    /**
     * The seventh stage in its other form: undoes what was done, and seals what happened. Nothing cancels it, and it
     * never rolls back a rollback.
     * @returns the sealed record; that of an earlier run where one stands already.
     */
    rollBack(error: unknown): Promise<DeploymentRecord> {
      if (!(error instanceof TemporalFailure)) throw error; // our bug: the task fails, and goes on with a mended worker
      return CancellationScope.nonCancellable(async () => {
        const sealed = failureDetails(error)?.sealed;
        if (sealed !== undefined) return sealed;
        const stage = record.stages.at(-1)?.stage ?? null;
        const failure = isCancellation(error) ? controls.abortion(stage) : recordedFailure(error, stage);
        record = { ...record, failure };
        const end = await compensate(compensation, {
          failure,
          controls,
          breached: (rollback) => {
            record = { ...record, rollback };
            notifications.tell(breachedEvent({ record, at: now() }));
          },
          changed: show,
        });
        record = { ...record, failure: end.failure, rollback: end.rollback };
        const ended = { ...record, result: resultOf(end.failure, end.rollback) };
        return await carryOut.sealRecord({ record: ended, order, after: end.after });
      });
    },
  };

  async function close(sealed: DeploymentRecord): Promise<DeploymentRecord> {
    record = sealed;
    show();
    upsertSearchAttributes(changedAttributes(record));
    notifications.tell(endedEvent(record, now()));
    await CancellationScope.nonCancellable(async () => {
      await notifications.started();
      await condition(allHandlersFinished);
    });
    if (sealed.result === 'completed') return sealed;
    throw closingFailure(sealed);
  }

  function show(): void {
    setCurrentDetails(describeRun(record, controls.notes()));
  }
}

function now(): string {
  return new Date().toISOString();
}
