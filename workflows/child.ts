import {
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  startChild,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { RunningDeployment } from '../src/contract/lane.ts';
import { openRecord, type DeploymentRecord } from '../src/contract/record.ts';
import { openingAttributes } from '../src/contract/search-attributes.ts';
import { deploymentWorkflowId, formatTarget } from '../src/contract/target.ts';
import { deployment } from './deployment.ts';
import { recordIn } from './failure.ts';

/** A deployment that Temporal has taken. */
export interface StartedDeployment {
  /** Its record, once it has ended; null when it ended without one. */
  readonly record: Promise<DeploymentRecord | null>;
}

/**
 * Starts one deployment as a child that outlives its lane.
 * @returns null when Temporal knows an n-th deployment of this target already.
 */
export async function startDeployment({
  n,
  order,
  deploymentId,
}: RunningDeployment): Promise<StartedDeployment | null> {
  try {
    const child = await startChild(deployment, {
      workflowId: deploymentWorkflowId(order.target, n),
      args: [{ n, order }],
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      typedSearchAttributes: openingAttributes(openRecord(deploymentId, order)),
      staticSummary:
        order.kind === 'deploy'
          ? `${order.change} to ${formatTarget(order.target)}`
          : `Roll back ${formatTarget(order.target)}`,
    });
    return { record: child.result().catch(recordIn) };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
}
