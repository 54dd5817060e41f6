import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { DeployerActivities, RestorationInput } from '../src/contract/activities.ts';

export interface RoundTrips {
  readonly count: number;
  /** Of the activities. */
  readonly taskQueue: string;
  readonly restoration: RestorationInput;
}

/** The same activity again and again, one after the other, as a rollback schedules it, and nothing else. */
export async function roundTrips({ count, taskQueue, restoration }: RoundTrips): Promise<void> {
  const { restoreRelease } = proxyActivities<DeployerActivities>({
    taskQueue,
    startToCloseTimeout: '6h',
    heartbeatTimeout: '5s',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
  for (let trip = 0; trip < count; trip++) await restoreRelease(restoration);
}
