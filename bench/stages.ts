import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { createSlipway } from '../src/client/slipway.ts';
import type { DeployOrder } from '../src/contract/order.ts';
import { taskQueueOf } from '../src/contract/stages.ts';
import {
  deploymentWorkflowId,
  formatTarget,
  laneWorkflowId,
  parseDeploymentId,
  type Target,
} from '../src/contract/target.ts';
import { ENVIRONMENT } from './setting.ts';

/** What one deployment cost. */
export interface Cost {
  /** Started to closed of the workflow that runs the seven stages, milliseconds. */
  readonly ownTime: number;
  /** From the order to the result in the caller's hands, milliseconds. */
  readonly submitToResult: number;
  readonly events: number;
  readonly historyBytes: number;
}

export interface Measured {
  readonly pairs: readonly { readonly slipway: Cost; readonly bare: Cost }[];
  /** What the lanes' own histories grew by, a deployment. */
  readonly lane: { readonly events: number; readonly historyBytes: number };
}

const TARGETS: readonly Target[] = ['web', 'catalog', 'search', 'basket'].map((component) => ({
  environment: ENVIRONMENT,
  component,
}));
/** Rounds over the targets that are run first, and not counted. */
const WARM_UP = 2;

interface Run {
  readonly workflowId: string;
  readonly submitToResult: number;
}

/**
 * Seven no-op stages through Slipway, and through a bare workflow: A-B-B-A, back to back, over four targets in turn.
 * Nothing else is asked of the server until all have run, since a pause changes its own speed.
 */
export async function measureStages(client: Client, rounds: number, report: (line: string) => void): Promise<Measured> {
  const slipway = createSlipway(client);
  const runs: { readonly slipway: Run; readonly bare: Run }[] = [];
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const [index, target] of TARGETS.entries()) {
      const isSlipwayFirst = index % 2 === 0;
      const first = isSlipwayFirst ? await throughSlipway(target) : await throughBare(target);
      const second = isSlipwayFirst ? await throughBare(target) : await throughSlipway(target);
      if (round >= 0) runs.push(isSlipwayFirst ? { slipway: first, bare: second } : { slipway: second, bare: first });
    }
  }
  report(`${runs.length} pairs run; reading their histories`);
  const pairs = [];
  for (const run of runs) pairs.push({ slipway: await costOf(run.slipway), bare: await costOf(run.bare) });
  return { pairs, lane: await laneCost((rounds + WARM_UP) * TARGETS.length) };

  async function throughSlipway(target: Target): Promise<Run> {
    const { kind: _, ...order } = orderFor(target);
    const from = performance.now();
    const submission = await slipway.deploy({ ...order, target: formatTarget(target) });
    const { deploymentId } = await slipway.follow(submission);
    const submitToResult = performance.now() - from;
    const deployment = parseDeploymentId(deploymentId ?? '');
    if (deployment === null) throw new Error(`${submission.requestId} has no deployment`);
    return { workflowId: deploymentWorkflowId(deployment, deployment.n), submitToResult };
  }

  async function throughBare(target: Target): Promise<Run> {
    const order = orderFor(target);
    const workflowId = `bare:${order.requestId}`;
    const from = performance.now();
    const options = { workflowId, taskQueue: taskQueueOf('orchestrator', ENVIRONMENT), args: [{ n: 1, order }] };
    const handle = await client.workflow.start('bare', options);
    await handle.result();
    return { workflowId, submitToResult: performance.now() - from };
  }

  async function costOf({ workflowId, submitToResult }: Run): Promise<Cost> {
    const { startTime, closeTime, historyLength, historySize } = await client.workflow.getHandle(workflowId).describe();
    if (closeTime === undefined || historySize === undefined) throw new Error(`${workflowId} has not ended`);
    const ownTime = closeTime.getTime() - startTime.getTime();
    return { ownTime, submitToResult, events: historyLength, historyBytes: historySize };
  }

  async function laneCost(deployments: number): Promise<Measured['lane']> {
    let [events, historyBytes] = [0, 0];
    for (const target of TARGETS) {
      const { historyLength, historySize = 0 } = await client.workflow.getHandle(laneWorkflowId(target)).describe();
      events += historyLength;
      historyBytes += historySize;
    }
    return { events: events / deployments, historyBytes: historyBytes / deployments };
  }
}

function orderFor(target: Target): DeployOrder {
  const revision = '4f0c1d2e3a4b5c6d7e8f90a1b2c3d4e5f6071829';
  return { kind: 'deploy', requestId: randomUUID(), target, by: 'ada', change: 'CHG-1042', source: 'shop', revision };
}
