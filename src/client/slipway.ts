import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Person } from '../contract/acts.ts';
import type { Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { LaneState, Submission } from '../contract/lane.ts';
import { MESSAGES, type QueueAbort, type Unquarantine } from '../contract/messages.ts';
import { whyNoOrder, type DeployOrder, type Order, type RollbackOrder } from '../contract/order.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import { follow, noted, type FollowOptions } from './follow.ts';
import { findRequest, listLanes } from './lanes.ts';
import { updateLane } from './lane-update.ts';
import { queryDeployment, queryLane, updateDeployment } from './messages.ts';
import { submit } from './submit.ts';
import { targetOf } from './target.ts';

/** An order as a service writes it: the request id may be left out, and is then a new one. */
export type NewOrder<O extends Order> = Omit<O, 'kind' | 'target' | 'requestId'> & {
  /** `environment/component` */
  readonly target: string;
  readonly requestId?: string;
};

/** The typed client that services start deployments with. Everything it throws is a SlipwayError. */
export interface Slipway {
  /**
   * Orders a deployment and answers at once. The same request id, sent again with the same content, is the same
   * deployment and the same answer, so that a lost answer is asked for again.
   * @throws USAGE, REQUEST_ID_REUSED; NO_WORKER when no orchestrator answers: whether it was accepted is not known then
   */
  deploy(order: NewOrder<DeployOrder>): Promise<Submission>;
  /** Orders the return to an earlier release (§13); a hold does not stop it, and it goes to the front of the queue. */
  rollback(order: NewOrder<RollbackOrder>): Promise<Submission>;
  /** Waits for the end of an order or a deployment: its record, whatever the result. */
  follow(
    submission: Pick<Submission, 'requestId' | 'target' | 'deploymentId'>,
    options?: FollowOptions,
  ): Promise<DeploymentRecord>;
  /** The record of one deployment; its result is null while it runs. @throws UNKNOWN_DEPLOYMENT */
  deployment(deploymentId: string): Promise<DeploymentRecord>;
  /** What is live, held, running and queued on a target; null when nobody has ordered anything there. */
  lane(target: string): Promise<LaneState | null>;
  /** Every lane that there is. */
  lanes(): Promise<readonly LaneState[]>;
  /** Where a request stands; null when no lane remembers it. */
  request(requestId: string): Promise<Submission | null>;
  /** Stops a running deployment and waits for its end; a changed runtime is restored. @throws ACT_REFUSED */
  abort(deploymentId: string, person: Person): Promise<DeploymentRecord>;
  /** Takes an order out of the queue. @throws ACT_REFUSED */
  abortQueued(target: string, abort: QueueAbort): Promise<LaneState>;
  /** Takes over a rollback that does not succeed; it ends as rollback-failed. @throws ACT_REFUSED */
  takeover(deploymentId: string, person: Person): Promise<DeploymentRecord>;
  /** Takes the hold off a target. @throws ACT_REFUSED */
  resume(target: string, person: Person): Promise<LaneState>;
  /** Lets a quarantined digest be deployed again, on every target of the component. @throws ACT_REFUSED */
  unquarantine(target: string, digest: Digest, person: Person): Promise<LaneState>;
}

/** @param client a connected Temporal client, of the namespace that the workers are in. */
export function createSlipway(client: Client): Slipway {
  return {
    deploy: (order) => submit(client, orderOf<DeployOrder>('deploy', order)),
    rollback: (order) => submit(client, orderOf<RollbackOrder>('rollback', order)),
    follow: (submission, options) => follow(client, submission, options),
    deployment: (deploymentId) => queryDeployment(client, deploymentId),
    lane: (target) => queryLane(client, targetOf(target)),
    lanes: () => listLanes(client),
    request: (requestId) => findRequest(client, requestId),
    abort: async (deploymentId, person) =>
      noted(client, await updateDeployment(client, deploymentId, MESSAGES.abort, person)),
    abortQueued: (target, abort) => updateLane(client, targetOf(target), MESSAGES.abort, abort),
    takeover: async (deploymentId, person) =>
      noted(client, await updateDeployment(client, deploymentId, MESSAGES.takeover, person)),
    resume: (target, person) => updateLane(client, targetOf(target), MESSAGES.resume, person),
    unquarantine: (target, digest, person) =>
      updateLane<Unquarantine>(client, targetOf(target), MESSAGES.unquarantine, { ...person, digest }),
  };
}

function orderOf<O extends Order>(kind: O['kind'], { target, requestId = randomUUID(), ...order }: NewOrder<O>): O {
  const whole = { ...order, kind, requestId, target: targetOf(target) } as unknown as O;
  const wrong = whyNoOrder(whole);
  if (wrong !== null) throw new SlipwayError('USAGE', `the order is not complete: ${wrong}`);
  return whole;
}
