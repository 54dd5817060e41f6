import { WorkflowNotFoundError, WorkflowFailedError, type Client } from '@temporalio/client';
import type { Person } from '../contract/acts.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { LaneState } from '../contract/lane.ts';
import { MESSAGES } from '../contract/messages.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import {
  deploymentWorkflowId,
  formatTarget,
  laneWorkflowId,
  parseDeploymentId,
  type Target,
} from '../contract/target.ts';
import { recordOf } from '../temporal/executions.ts';
import { toSlipwayError } from './errors.ts';

/** The record of a deployment as it stands now. @throws UNKNOWN_DEPLOYMENT */
export async function queryDeployment(client: Client, deploymentId: string): Promise<DeploymentRecord> {
  const handle = client.workflow.getHandle(workflowIdOf(deploymentId));
  return await asking(deploymentId, () => handle.query<DeploymentRecord>(MESSAGES.status));
}

/** The record of a deployment once it has ended. @throws DEPLOYMENT_TERMINATED while its lane has not settled it */
export async function awaitDeployment(client: Client, deploymentId: string): Promise<DeploymentRecord> {
  try {
    return (await client.workflow.getHandle(workflowIdOf(deploymentId)).result()) as DeploymentRecord;
  } catch (error) {
    const record = error instanceof WorkflowFailedError ? recordOf(error) : null;
    if (record !== null) return record;
    if (!(error instanceof WorkflowFailedError)) throw toSlipwayError(error, deploymentId);
    throw new SlipwayError(
      'DEPLOYMENT_TERMINATED',
      `${deploymentId} ended without a record; its lane restores the target and seals one: see slipway history`,
      { cause: error },
    );
  }
}

export async function updateDeployment(
  client: Client,
  deploymentId: string,
  name: string,
  person: Person,
): Promise<DeploymentRecord> {
  const handle = client.workflow.getHandle(workflowIdOf(deploymentId));
  return await asking(deploymentId, () => handle.executeUpdate<DeploymentRecord, [Person]>(name, { args: [person] }));
}

/** Null when the target has no lane. */
export async function queryLane(client: Client, target: Target): Promise<LaneState | null> {
  const handle = client.workflow.getHandle(laneWorkflowId(target));
  try {
    return await handle.query<LaneState>(MESSAGES.status);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw toSlipwayError(error, formatTarget(target));
  }
}

async function asking<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw toSlipwayError(error, what);
  }
}

function workflowIdOf(deploymentId: string): string {
  const parsed = parseDeploymentId(deploymentId);
  if (parsed !== null) return deploymentWorkflowId(parsed, parsed.n);
  throw new SlipwayError(
    'UNKNOWN_DEPLOYMENT',
    `${deploymentId} is no deployment id: expected environment/component/number`,
  );
}
