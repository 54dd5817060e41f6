import { proxyActivities } from '@temporalio/workflow';

/** A workflow of somebody's own: calls whatever activity it likes, with whatever it likes. */
export async function foreign(taskQueue: string, activity: string, input: unknown): Promise<unknown> {
  const activities = proxyActivities<Record<string, (given: unknown) => Promise<unknown>>>({
    taskQueue,
    startToCloseTimeout: '20s',
    retry: { maximumAttempts: 1 },
  });
  return await activities[activity]?.(input);
}
