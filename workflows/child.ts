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

/**
 * Runs one deployment as a child that outlives its lane.
 * @returns its record; null when it ended without one; `number-taken` when Temporal knows an n-th deployment already.
 */
export async function runChild({ n, order, deploymentId }: RunningDeployment): Promise<DeploymentRecord | null | 'number-taken'> {
  try {
    const child = await startChild(deployment, {
      workflowId: deploymentWorkflowId(order.target, n),
      args: [{ n, order }],
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      typedSearchAttributes: openingAttributes(openRecord(deploymentId, order)),
      staticSummary: order.kind === 'deploy' ? `${order.change} to ${formatTarget(order.target)}` : `Roll back ${formatTarget(order.target)}`,
    });
    return await child.result();
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'number-taken';
    return recordIn(error);
  }
}
