import { SlipwayError } from '../contract/failure.ts';
import { openRecord, type DeploymentRecord } from '../contract/record.ts';
import { parseDeploymentId, parseTarget } from '../contract/target.ts';
import { readRecord } from '../records/record.ts';
import type { Context } from './context.ts';
import { recordOfRequest } from './recorded.ts';
import { unknownId } from './subject.ts';

/**
 * The record of a deployment or a request as it stands now; its result is null while it is queued or runs. What is
 * sealed is final and needs no server; what is not, Temporal knows.
 * @param id deployment id or request id
 * @throws UNKNOWN_DEPLOYMENT
 */
export async function currentRecord(context: Context, id: string): Promise<DeploymentRecord> {
  return parseDeploymentId(id) === null ? await ofRequest(context, id) : await ofDeployment(context, id);
}

export function isRunning({ result }: DeploymentRecord): boolean {
  return result === null;
}

async function ofDeployment(context: Context, id: string): Promise<DeploymentRecord> {
  const { component } = parseDeploymentId(id) ?? { component: '' };
  const sealed = await readRecord((await context.artifacts()).component(component), id);
  if (sealed !== null) return sealed.record;
  try {
    return await (await context.slipway()).deployment(id);
  } catch (error) {
    throw error instanceof SlipwayError && error.code === 'UNKNOWN_DEPLOYMENT' ? unknownId(id) : error;
  }
}

async function ofRequest(context: Context, requestId: string): Promise<DeploymentRecord> {
  const sealed = await recordOfRequest(await context.artifacts(), requestId);
  if (sealed !== null) return sealed;
  const slipway = await context.slipway();
  const submission = await slipway.request(requestId);
  if (submission === null) throw unknownId(requestId);
  if (submission.deploymentId !== null) return await ofDeployment(context, submission.deploymentId);
  const lane = await slipway.lane(submission.target);
  const queued = lane?.queue.find(({ order }) => order.requestId === requestId);
  if (queued === undefined || parseTarget(submission.target) === null) throw unknownId(requestId);
  return openRecord(null, queued.order);
}
