import { isGrpcDeadlineError, type Client } from '@temporalio/client';
import { SlipwayError } from '../contract/failure.ts';
import type { Submission } from '../contract/lane.ts';
import { MESSAGES } from '../contract/messages.ts';
import type { Order } from '../contract/order.ts';
import { formatTarget } from '../contract/target.ts';
import { toSlipwayError } from './errors.ts';
import { updateWithStart } from './lane-update.ts';

/** Milliseconds after which nobody is taken to be listening: with no worker up, an update waits for ever. */
const ANSWER_WITHIN = 10_000;

/** Sends an order to its target's lane, which begins with the first one. */
export async function submit(client: Client, order: Order): Promise<Submission> {
  const target = formatTarget(order.target);
  try {
    return await client.connection.withDeadline(Date.now() + ANSWER_WITHIN, () =>
      updateWithStart<Submission, Order>(client, order.target, MESSAGES.submit, order),
    );
  } catch (error) {
    if (!isGrpcDeadlineError(error) && !isTimeout(error)) throw toSlipwayError(error);
    throw new SlipwayError(
      'NO_WORKER',
      `no orchestrator answered within ${ANSWER_WITHIN / 1000} s, so whether ${target} took the order is not known: start one ` +
        `(slipway up), then send it again with request id ${order.requestId}; it will not be carried out twice`,
      { cause: error },
    );
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'WorkflowUpdateRPCTimeoutOrCancelledError';
}
