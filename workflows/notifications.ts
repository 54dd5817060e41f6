import {
  CancellationScope,
  ChildWorkflowCancellationType,
  log,
  ParentClosePolicy,
  startChild,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { wants, type NotifiedEvent, type Receiver } from '../src/contract/event.ts';
import { taskQueueOf } from '../src/contract/stages.ts';
import { notify } from './notify.ts';

/**
 * Tells events from within a workflow that has better things to do: nothing here waits for a delivery, fails, or is
 * stopped by a cancellation. An event that no receiver wants leaves no trace in the history.
 * @param receivers as they are known when an event is told.
 */
export function openNotifications(receivers: () => readonly Receiver[]) {
  const starting = new Set<Promise<void>>();

  return {
    /** Begins to tell an event; null is none. Told again, by whomever, it is the same event and one delivery. */
    tell(event: NotifiedEvent | null): void {
      if (event === null) return;
      const names = receivers()
        .filter(({ events }) => wants(events, event))
        .map(({ name }) => name);
      if (names.length === 0) return;
      const started = start(event, names).finally(() => starting.delete(started));
      starting.add(started);
    },

    /**
     * Resolves once Temporal has taken what was told: to be awaited before the workflow closes, for a child that is not
     * yet taken then is never started. It waits for no receiver.
     */
    async started(): Promise<void> {
      await Promise.all(starting);
    },
  };
}

function start(event: NotifiedEvent, receivers: readonly string[]): Promise<void> {
  return CancellationScope.nonCancellable(async () => {
    try {
      await startChild(notify, {
        workflowId: `notify:${event.id}`,
        args: [{ event, receivers }],
        taskQueue: taskQueueOf('orchestrator', ''),
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
        staticSummary: `${event.kind}: ${event.deploymentId}`,
      });
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return;
      log.error('an event is not told', { event: event.id, error });
    }
  });
}
