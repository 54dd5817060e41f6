import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
  uuid4,
} from '@temporalio/workflow';
import { whyNoPerson, type Act, type Person } from '../src/contract/acts.ts';
import { isDigest, type Digest } from '../src/contract/digest.ts';
import type { FailureCode } from '../src/contract/failure.ts';
import {
  acted,
  answerTo,
  emptyLane,
  isStarting,
  recordOfQueued,
  submitted,
  whyRefused,
  withdrawn,
  type LaneState,
  type Submission,
} from '../src/contract/lane.ts';
import { MESSAGES, type LaneInput, type QueueAbort, type Unquarantine } from '../src/contract/messages.ts';
import { whyNoOrder, type Order } from '../src/contract/order.ts';
import { formatTarget } from '../src/contract/target.ts';
import type { activitiesFor } from './activities.ts';

const submit = defineUpdate<Submission, [Order]>(MESSAGES.submit);
const status = defineQuery<LaneState>(MESSAGES.status);
const OPERATIONS = { resume: 'resume', abort: 'abort', unquarantine: 'unquarantine' } as const;

/** A lane's state, and the messages that change it. It answers orders only once it is open: it knows its own past. */
export function openLane(
  input: LaneInput,
  carryOut: Pick<ReturnType<typeof activitiesFor>, 'sealAct'>,
  changed: (state: LaneState, notes: readonly string[]) => void,
) {
  const notes: string[] = [];
  let state = input.carried ?? emptyLane(input.target);
  let isOpen = input.carried !== undefined;
  let isClosing = false;
  let updates = 0;
  let acts = 0;

  setHandler(status, () => state, { description: 'What is live, known healthy, held, running and queued' });
  setHandler(submit, (order) => unstoppable(() => takeOrder(order)), {
    description: 'Submits an order; the same request id is one deployment and one answer',
    validator: (order) => {
      refuse('USAGE', whyNoOrder(order) ?? whyOtherTarget(order));
      if (isOpen) refuse('REQUEST_ID_REUSED', whyRefused(state, order));
    },
  });
  operation<Person>(
    OPERATIONS.resume,
    '{ "by": who, "reason": why }: takes the hold off',
    whyNoResume,
    ({ by, reason }) => seal({ kind: 'resume', by, reason }),
  );
  operation<QueueAbort>(
    OPERATIONS.abort,
    '{ "requestId": id, "by": who, "reason": why }: takes an order out of the queue',
    whyNoQueueAbort,
    async ({ requestId, by, reason }) => {
      const queued = state.queue.find(({ order }) => order.requestId === requestId);
      if (queued === undefined) return;
      const { order } = queued;
      apply((before) => withdrawn(before, requestId)); // while it is being sealed, nothing starts it
      await seal({ kind: 'order-ended', record: recordOfQueued(order, `aborted by ${by}: ${reason}`), order });
    },
  );
  operation<Unquarantine>(
    OPERATIONS.unquarantine,
    '{ "digest": "sha256:…", "by": who, "reason": why }: lets a quarantined digest be deployed again',
    whyNoUnquarantine,
    ({ digest, by, reason }) => seal({ kind: 'unquarantine', digest, by, reason }),
  );

  async function takeOrder(order: Order): Promise<Submission> {
    updates += 1;
    await condition(() => isOpen);
    refuse('REQUEST_ID_REUSED', whyRefused(state, order));
    apply((before) => submitted(before, order, new Date().toISOString()));
    await condition(() => isClosing || !isStarting(state, order.requestId));
    return answerTo(state, order.requestId);
  }

  async function seal(act: Act, key: string = uuid4()): Promise<void> {
    const { at } = await carryOut.sealAct({ target: input.target, act, key });
    acts += 1;
    apply((before) => acted(before, act, at));
  }

  /** An update that can refuse, and its signal twin for the Temporal UI, which never throws. */
  function operation<T>(
    name: keyof typeof OPERATIONS,
    description: string,
    why: (argument: unknown) => string | null,
    act: (argument: T) => Promise<void>,
  ): void {
    const update = defineUpdate<LaneState, [T]>(name);
    const signal = defineSignal<[T]>(name);
    const run = (argument: T): Promise<LaneState> =>
      unstoppable(async () => {
        updates += 1;
        await condition(() => isOpen);
        refuse('ACT_REFUSED', why(argument));
        await act(argument);
        return state;
      });
    const runQuietly = async (argument: T): Promise<void> => {
      await run(argument).catch((error: unknown) => note(`${name} refused: ${messageOf(error)}`));
    };
    setHandler(update, run, {
      description,
      validator: (argument) => (isOpen ? refuse('ACT_REFUSED', why(argument)) : undefined),
    });
    setHandler(signal, runQuietly, {
      description: `As the update ${name}; a refusal is shown in the details. ${description}`,
    });
  }

  function whyOtherTarget(order: Order): string | null {
    const [wanted, own] = [formatTarget(order.target), formatTarget(input.target)];
    return wanted === own ? null : `target: found ${wanted}, but this is the lane of ${own}`;
  }
  function whyNoResume(person: unknown): string | null {
    return whyNoPerson(person) ?? (state.hold === null ? `${formatTarget(input.target)} is not held` : null);
  }
  function whyNoQueueAbort(argument: unknown): string | null {
    const { requestId } = (argument ?? {}) as Partial<QueueAbort>;
    const { running, queue } = state;
    if (running !== null && running.order.requestId === requestId) {
      return `${requestId} runs as ${running.deploymentId}: abort that`;
    }
    const queued = queue.some(({ order }) => order.requestId === requestId);
    return whyNoPerson(argument) ?? (queued ? null : `no order with request id ${String(requestId)} is queued here`);
  }
  function whyNoUnquarantine(argument: unknown): string | null {
    const { digest } = (argument ?? {}) as Partial<Unquarantine>;
    return whyNoPerson(argument) ?? (isDigest(digest) ? null : 'digest: expected sha256: and 64 hex digits');
  }

  function apply(decide: (state: LaneState) => LaneState): LaneState {
    state = decide(state);
    changed(state, notes);
    return state;
  }
  function note(text: string): void {
    notes.push(text);
    if (notes.length > 20) notes.shift();
    changed(state, notes);
  }

  return {
    state: (): LaneState => state,
    updates: (): number => updates,
    /** How many acts have taken effect in this run. */
    acts: (): number => acts,
    apply,
    note,
    /** Quarantines what degraded; done again under its key, it is the same act. */
    quarantine: ({ digest, reason, key }: { digest: Digest; reason: string; key: string }): Promise<void> =>
      seal({ kind: 'quarantine', digest, by: 'slipway', reason }, key),
    /** Ends an order of the lane's own that has become pointless. */
    withdraw: (order: Order, why: string): Promise<void> =>
      seal({ kind: 'order-ended', record: recordOfQueued(order, `aborted by slipway: ${why}`), order }),
    open: (): void => {
      isOpen = true;
    },
    /** From now on this run starts nothing: what waits is for the next one. */
    close: (): void => {
      isClosing = true;
    },
  };
}

/** A lane never ends, so a cancellation of it in the UI must not reach its handlers, which run outside its own scope. */
function unstoppable<T>(handle: () => Promise<T>): Promise<T> {
  return CancellationScope.nonCancellable(handle);
}

function refuse(code: FailureCode, reason: string | null): void {
  if (reason !== null) throw ApplicationFailure.create({ type: code, message: reason, nonRetryable: true });
}

/** What went wrong, at its root: an activity's failure says so in its cause. */
function messageOf(error: unknown): string {
  const root = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  return root instanceof Error ? root.message : String(root);
}
