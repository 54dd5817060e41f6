import { setTimeout as delay } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Slipway } from '../../src/client/slipway.ts';
import type { DeploymentRecord } from '../../src/contract/record.ts';
import type { SEARCH_ATTRIBUTES } from '../../src/contract/search-attributes.ts';
import { deploymentWorkflowId, formatTarget, laneWorkflowId, type Target } from '../../src/contract/target.ts';
import { digestOf } from './fake-target.ts';
import type { FakePlatform } from './fake-platform.ts';

export type TestTarget = ReturnType<typeof openTarget>;

interface Deps {
  readonly client: Client;
  readonly slipway: Slipway;
  readonly platform: FakePlatform;
}

/** One target, as a test uses it: orders are short, and its workflows are at hand. */
export function openTarget(target: Target, { client, slipway, platform }: Deps) {
  const name = formatTarget(target);
  const lane = client.workflow.getHandle(laneWorkflowId(target));
  const deployment = (n: number): WorkflowHandle => client.workflow.getHandle(deploymentWorkflowId(target, n));
  const orderOf = (requestId: string) => ({ target: name, requestId, by: 'ada' });
  const deploy = (requestId: string, change = 'CHG-1042') =>
    slipway.deploy({ ...orderOf(requestId), change, source: 'shop', revision: digestOf(requestId).slice(-40) });

  return {
    ...platform.on(target),
    name,
    lane,
    deployment,
    deploy,
    rollback: (requestId: string) => slipway.rollback({ ...orderOf(requestId), reason: 'looks odd', version: null }),
    /** Orders a deployment and waits for its end. */
    carryOut: async (requestId: string): Promise<DeploymentRecord> => slipway.follow(await deploy(requestId)),
    /** The lane's state as soon as it is as wanted. */
    laneOnce: (wanted: (lane: NonNullable<Awaited<ReturnType<Slipway['lane']>>>) => boolean) =>
      once(async () => {
        const state = await slipway.lane(name);
        return state !== null && wanted(state) ? state : null;
      }),
  };
}

/** What the Temporal UI shows of a running workflow. */
export async function detailsOf(handle: WorkflowHandle): Promise<string> {
  return (await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;
}

export async function attributeOf(handle: WorkflowHandle, attribute: keyof typeof SEARCH_ATTRIBUTES): Promise<unknown> {
  const { searchAttributes } = await handle.describe();
  return searchAttributes[`Slipway${attribute[0]?.toUpperCase()}${attribute.slice(1)}`]?.[0];
}

/** Looks until there is something to see. */
export async function once<T>(look: () => Promise<T | null>): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== null) return seen;
    await delay(10);
  }
}
