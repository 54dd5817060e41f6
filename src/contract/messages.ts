import type { Person } from './acts.ts';
import type { Digest } from './digest.ts';
import type { LaneState } from './lane.ts';
import type { Order } from './order.ts';
import type { Target } from './target.ts';

/**
 * The names and arguments of the workflows' messages: one object each, as the Temporal UI sends them. Each update but
 * `submit` has a signal twin of the same name, which never throws: it records its refusal in the current details.
 */
export const WORKFLOWS = { lane: 'target', deployment: 'deployment' } as const;

export const MESSAGES = {
  submit: 'submit',
  abort: 'abort',
  takeover: 'takeover',
  resume: 'resume',
  unquarantine: 'unquarantine',
  status: 'status',
} as const;

/** What starts a lane; `carried` only when it continues as new. */
export interface LaneInput {
  readonly target: Target;
  readonly carried?: LaneState;
}

/** What starts a deployment: the n-th of its target. */
export interface DeploymentInput {
  readonly n: number;
  readonly order: Order;
}

/** Takes an order out of the queue. */
export interface QueueAbort extends Person {
  readonly requestId: string;
}

export interface Unquarantine extends Person {
  readonly digest: Digest;
}
