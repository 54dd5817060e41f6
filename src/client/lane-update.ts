import { WithStartWorkflowOperation, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Person } from '../contract/acts.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { LaneState } from '../contract/lane.ts';
import { WORKFLOWS, type LaneInput } from '../contract/messages.ts';
import { SEARCH_ATTRIBUTES } from '../contract/search-attributes.ts';
import { taskQueueOf } from '../contract/stages.ts';
import { formatTarget, laneWorkflowId, type Target } from '../contract/target.ts';
import { toSlipwayError } from './errors.ts';

/** Milliseconds; half of what a submission is given. A lane's task takes some ten. */
const LOST_AFTER = 5_000;

type LaneWorkflow = (input: LaneInput) => Promise<never>;

/** Sends an update to a target's lane, which begins with it unless it runs already. */
export async function updateWithStart<R, A>(client: Client, target: Target, name: string, argument: A): Promise<R> {
  const startWorkflowOperation = new WithStartWorkflowOperation<LaneWorkflow>(WORKFLOWS.lane, {
    workflowId: laneWorkflowId(target),
    taskQueue: taskQueueOf('orchestrator', target.environment),
    args: [{ target }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    // A task that was lost with its worker goes to another one while a client still waits for its answer.
    workflowTaskTimeout: LOST_AFTER,
    typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.target, value: formatTarget(target) }],
    staticSummary: `Lane of ${formatTarget(target)}`,
  });
  const options = { startWorkflowOperation, args: [argument] as [A] };
  return await client.workflow.executeUpdateWithStart<LaneWorkflow, R, [A]>(name, options);
}

/**
 * Sends an operator's act to a lane. One that was terminated begins again, and reads its past; one that never was is
 * not begun for an act.
 * @throws ACT_REFUSED
 */
export async function updateLane<A extends Person>(
  client: Client,
  target: Target,
  name: string,
  act: A,
): Promise<LaneState> {
  const handle = client.workflow.getHandle(laneWorkflowId(target));
  try {
    return await handle.executeUpdate<LaneState, [A]>(name, { args: [act] });
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw toSlipwayError(error, formatTarget(target));
  }
  try {
    await handle.describe();
    return await updateWithStart<LaneState, A>(client, target, name, act);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw toSlipwayError(error, formatTarget(target));
    throw new SlipwayError(
      'ACT_REFUSED',
      `nothing was ever ordered for ${formatTarget(target)}, so there is nothing to ${name}`,
    );
  }
}
