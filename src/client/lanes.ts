import type { Client } from '@temporalio/client';
import { answerTo, type LaneState, type Submission } from '../contract/lane.ts';
import { WORKFLOWS } from '../contract/messages.ts';
import { parseTarget } from '../contract/target.ts';
import { toSlipwayError } from './errors.ts';
import { queryLane } from './messages.ts';

/** The state of every open lane, by target. */
export async function listLanes(client: Client): Promise<readonly LaneState[]> {
  const lanes: LaneState[] = [];
  try {
    const query = `WorkflowType = '${WORKFLOWS.lane}' AND ExecutionStatus = 'Running'`;
    for await (const { workflowId } of client.workflow.list({ query })) {
      const target = parseTarget(workflowId.replace(/^target:/, '').replace(':', '/'));
      const lane = target && (await queryLane(client, target));
      if (lane) lanes.push(lane);
    }
  } catch (error) {
    throw toSlipwayError(error);
  }
  return lanes.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b), 'en'));
}

/** Where a request stands, by the lane that remembers it; null when none does. */
export async function findRequest(client: Client, requestId: string): Promise<Submission | null> {
  const lane = (await listLanes(client)).find(({ recent }) => recent.some((known) => known.requestId === requestId));
  return lane === undefined ? null : answerTo(lane, requestId);
}

function nameOf({ target }: LaneState): string {
  return `${target.environment}/${target.component}`;
}
