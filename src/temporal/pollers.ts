import type { Connection } from '@temporalio/client';
// A default import: Node sees no named exports in this CommonJS package.
import proto from '@temporalio/proto';

const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;
/** A worker asks again at least once a minute; the server remembers those that stopped for five. */
const ASKS_WITHIN = 75_000;

/** What a worker asks a task queue for. */
export type TaskKind = 'workflow' | 'activity';

/**
 * How many workers asked this task queue for work within the last 75 s. One that was killed a moment ago still counts.
 */
export async function pollersOf(
  connection: Connection,
  { namespace, taskQueue, kind }: { namespace: string; taskQueue: string; kind: TaskKind },
): Promise<number> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: kind === 'workflow' ? TASK_QUEUE_TYPE_WORKFLOW : TASK_QUEUE_TYPE_ACTIVITY,
  });
  const since = Date.now() / 1_000 - ASKS_WITHIN / 1_000;
  return (pollers ?? []).filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) >= since).length;
}
