import { CancellationScope, condition, defineSignal, setHandler } from '@temporalio/workflow';
import type { NotifiedEvent, Receiver } from '../../src/contract/event.ts';
import { openNotifications } from '../../workflows/notifications.ts';

export { notify } from '../../workflows/notify.ts';

/** As a deployment does it: tells what happened, goes on, and closes once it is taken note of; `go` lets it close. */
export async function telling(events: readonly NotifiedEvent[], receivers: readonly Receiver[]): Promise<string> {
  let mayClose = false;
  setHandler(defineSignal('go'), () => {
    mayClose = true;
  });
  const notifications = openNotifications(() => receivers);
  for (const event of events) notifications.tell(event);
  notifications.tell(null);
  await CancellationScope.nonCancellable(() => condition(() => mayClose));
  await notifications.started();
  return 'closed';
}

/** Tells in the very task that closes it, cancelled before it began. */
export async function tellingAtLast(event: NotifiedEvent, receivers: readonly Receiver[]): Promise<string> {
  const notifications = openNotifications(() => receivers);
  const scope = new CancellationScope();
  scope.cancel();
  await scope.run(async () => notifications.tell(event)).catch(() => undefined);
  await notifications.started();
  return 'closed';
}
