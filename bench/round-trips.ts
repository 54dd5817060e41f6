import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { DeployerActivities, RestorationInput } from '../src/contract/activities.ts';

/** The activity before the one that is measured: it takes as long as it is told, as a verification does. */
export interface Pausing {
  pause(milliseconds: number): Promise<void>;
}

export interface RoundTrips {
  readonly count: number;
  /** Milliseconds. */
  readonly pause: number;
  /** Of the activities. */
  readonly taskQueue: string;
  readonly restoration: RestorationInput;
}

/**
 * An activity that takes its time, and then the one that is measured, as a rollback schedules it; again and again, and
 * nothing else. Without the pause each would wait for a limit of the server, on how often it looks for tasks to hand on
 * (`history.transferProcessorMaxPollRPS`): raised, 92 ms became 45 ms back to back, and nothing changed after a pause.
 */
export async function roundTrips({ count, pause: milliseconds, taskQueue, restoration }: RoundTrips): Promise<void> {
  const { pause, restoreRelease } = proxyActivities<Pausing & DeployerActivities>({
    taskQueue,
    startToCloseTimeout: '6h',
    heartbeatTimeout: '5s',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
  for (let trip = 0; trip < count; trip++) {
    await pause(milliseconds);
    await restoreRelease(restoration);
  }
}
