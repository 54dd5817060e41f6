import { ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { NotifiedEvent } from '../src/contract/event.ts';
import { isFailureCode } from '../src/contract/failure.ts';
import { deliveryTo } from './activities.ts';

export interface NotifyInput {
  readonly event: NotifiedEvent;
  /** Their names in the platform file. */
  readonly receivers: readonly string[];
}

/**
 * Tells one event to its receivers, each by itself: none waits for another, and one that is dead is tried for days. A
 * workflow of its own, so that no deployment waits for it, and each event is told at least once.
 * @throws ApplicationFailure of a failed delivery's code, once all others are done; its message names each that failed.
 */
export async function notify({ event, receivers }: NotifyInput): Promise<void> {
  const deliveries = await Promise.allSettled(receivers.map((receiver) => deliveryTo(receiver)({ event, receiver })));
  const failures = deliveries.flatMap((delivery, index) =>
    delivery.status === 'rejected' ? [{ receiver: receivers[index], error: delivery.reason as unknown }] : [],
  );
  const cancelled = failures.find(({ error }) => isCancellation(error));
  if (cancelled !== undefined) throw cancelled.error;
  const [first] = failures;
  if (first === undefined) return;
  throw ApplicationFailure.create({
    type: saidIn(first.error).code,
    message: `not delivered to ${failures.map(({ receiver, error }) => `${receiver}: ${saidIn(error).message}`).join('; ')}`,
    nonRetryable: true,
  });
}

/** What the last try said; a worker that died over it says nothing. */
function saidIn(error: unknown): { readonly code: string; readonly message: string } {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof ApplicationFailure && isFailureCode(at.type)) return { code: at.type, message: at.message };
  }
  return { code: 'RECEIVER_UNAVAILABLE', message: 'it was not reached in time' };
}
