import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { Client, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DeliveryInput } from '../../src/contract/activities.ts';
import type { NotifiedEvent, Receiver } from '../../src/contract/event.ts';
import { taskQueueOf } from '../../src/contract/stages.ts';
import { connect } from '../../src/temporal/connection.ts';
import { connectWorker } from '../../src/temporal/worker-connection.ts';
import { eventOf } from '../notifications/events.ts';
import { startServer } from '../temporal/server.ts';
import { gate, hangs, isOut } from './doings.ts';
import { once as seen } from './test-target.ts';

const QUEUE = taskQueueOf('orchestrator', '');
const ALL = (...names: string[]): Receiver[] => names.map((name) => ({ name, events: 'all' }));

type Deliver = (input: DeliveryInput) => Promise<void>;

let client: Client;
let close: () => Promise<void>;
let workflowBundle: Awaited<ReturnType<typeof bundleWorkflowCode>>;

/** What receivers do, by name; they take what they are sent unless a test says otherwise. */
const receivers = new Map<string, Deliver>();
const tries: string[] = [];
const news = new EventEmitter();

beforeAll(async () => {
  const logger = new DefaultLogger('ERROR');
  Runtime.install({ logger });
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, 'telling-workflow.ts'),
    logger,
  });
  const running = await startServer([
    '--db-filename',
    '',
    '--dynamic-config-value',
    'history.timerProcessorMaxTimeShift="10ms"',
  ]);
  const connection = await connect(running.server.location);
  client = new Client({ connection });
  const workerConnection = await connectWorker(running.server.location, 5_000);
  const worker = await Worker.create({
    connection: workerConnection,
    taskQueue: QUEUE,
    workflowBundle,
    maxHeartbeatThrottleInterval: 50,
    activities: {
      deliver: async (input: DeliveryInput) => {
        tries.push(`${input.event.id} to ${input.receiver}`);
        news.emit('try');
        await receivers.get(input.receiver)?.(input);
      },
    },
  });
  const serving = worker.run();
  close = async () => {
    worker.shutdown();
    await serving;
    await workerConnection.close();
    await connection.close();
    await running.close();
  };
});
afterAll(() => close());

/** Each test tells of a deployment of its own. */
let deployments = 0;
let told: NotifiedEvent;
beforeEach(() => {
  deployments += 1;
  tries.length = 0;
  receivers.clear();
  told = { ...eventOf('rolledback'), id: `staging/hello/${deployments}:rolledback` };
});

const tell = (events: readonly NotifiedEvent[], to: readonly Receiver[]) => start('telling', events, to);
const start = (type: string, ...args: unknown[]) =>
  client.workflow.start(type, { taskQueue: QUEUE, workflowId: `${type}-${deployments}-${Math.random()}`, args });

/** A receiver that is away so many times. */
function isAway(times: number): Deliver {
  const away = isOut<DeliveryInput, void>('RECEIVER_UNAVAILABLE', times);
  return (input) => away(input, async () => undefined);
}

/** A receiver that wants no more of it. */
async function isGone(): Promise<void> {
  const message = 'receiver pager: hooks.example: answered 410';
  throw ApplicationFailure.create({ type: 'RECEIVER_REFUSED', message, nonRetryable: true });
}

const delivery = (event = told): WorkflowHandle => client.workflow.getHandle(`notify:${event.id}`);

async function tried(what: string, times = 1): Promise<void> {
  while (tries.filter((each) => each === what).length < times) await once(news, 'try');
}

async function closed(teller: WorkflowHandle): Promise<void> {
  await teller.signal('go');
  expect(await teller.result()).toBe('closed');
}

async function eventsOf(handle: WorkflowHandle) {
  return (await handle.fetchHistory()).events ?? [];
}

/** Resolves once the delivery has come so far. */
async function historyHas(attributes: 'activityTaskCompletedEventAttributes' | 'activityTaskFailedEventAttributes') {
  await seen(async () => (await eventsOf(delivery())).find((event) => event[attributes]) ?? null);
}

describe('telling from within a workflow', () => {
  test('waits for no receiver: the teller closes while one hangs, and the delivery goes on after it', async () => {
    const later = gate();
    receivers.set('pager', (input) => later.pass(input, async () => undefined));
    const teller = await tell([told], ALL('pager'));
    await tried(`${told.id} to pager`);
    await closed(teller);
    expect((await delivery().describe()).status.name).toBe('RUNNING');

    later.open();
    await delivery().result();
    expect(tries).toEqual([`${told.id} to pager`]);
  });

  test('twice of one event is one delivery, by the same teller or by another', async () => {
    await closed(await tell([told, told], ALL('pager')));
    await delivery().result();
    await closed(await tell([told], ALL('pager')));
    await delivery().result();
    expect(tries).toEqual([`${told.id} to pager`]);
  });

  test('in the task that closes it, from a scope that was cancelled, tells all the same', async () => {
    const teller = await start('tellingAtLast', told, ALL('pager'));
    expect(await teller.result()).toBe('closed');
    await delivery().result();
    expect(tries).toEqual([`${told.id} to pager`]);
  });

  test.for([
    ['there is no receiver', []],
    ['none wants such an event', [{ name: 'pager', events: 'urgent' }]],
  ] as [string, Receiver[]][])('leaves no trace in the history when %s', async ([, to]) => {
    const teller = await tell([told], to);
    await closed(teller);
    expect(
      (await eventsOf(teller)).filter((event) => event.startChildWorkflowExecutionInitiatedEventAttributes),
    ).toEqual([]);
    expect(tries).toEqual([]);
  });

  test('tells each receiver what it wants, and no more', async () => {
    const urgent = { ...eventOf('rollback-breached'), id: `staging/hello/${deployments}:rollback-breached` };
    const to: Receiver[] = [
      { name: 'pager', events: 'urgent' },
      { name: 'ledger', events: ['rolledback'] },
    ];
    await closed(await tell([told, urgent], to));
    await Promise.all([delivery().result(), delivery(urgent).result()]);
    expect(tries.toSorted()).toEqual([`${told.id} to ledger`, `${urgent.id} to pager`].toSorted());
  });

  test('replays', async () => {
    receivers.set('pager', isAway(2));
    const teller = await tell([told, told], ALL('pager', 'chat'));
    await closed(teller);
    for (const handle of [teller, delivery()]) {
      await handle.result().catch(() => undefined);
      const history = JSON.parse(historyToJSON(await handle.fetchHistory())) as unknown;
      await expect(Worker.runReplayHistory({ workflowBundle }, history)).resolves.toBeUndefined();
    }
  });
});

describe('a delivery', () => {
  test('to a receiver that is dead is tried again and again, while the others have got theirs', async () => {
    receivers.set('pager', isAway(Number.POSITIVE_INFINITY));
    await closed(await tell([told], ALL('pager', 'chat')));
    await tried(`${told.id} to pager`, 5);
    await historyHas('activityTaskCompletedEventAttributes');
    expect((await delivery().describe()).status.name).toBe('RUNNING');

    receivers.delete('pager'); // it is back
    await delivery().result();
    expect(tries.filter((each) => each.endsWith('chat'))).toHaveLength(1);
  });

  test('that is given up fails by its code once all others are done, and says to whom', async () => {
    const others = gate();
    receivers.set('chat', (input) => others.pass(input, async () => undefined));
    receivers.set('pager', isGone);
    await closed(await tell([told], ALL('pager', 'chat')));
    await historyHas('activityTaskFailedEventAttributes');
    expect((await delivery().describe()).status.name).toBe('RUNNING');
    others.open();

    const error = await delivery()
      .result()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkflowFailedError);
    const { cause } = error as WorkflowFailedError;
    expect(cause).toBeInstanceOf(ApplicationFailure);
    expect(cause).toMatchObject({
      type: 'RECEIVER_REFUSED',
      message: 'not delivered to pager: receiver pager: hooks.example: answered 410',
    });
  });

  test('is given three days, and tries in ever longer intervals of at most five minutes', async () => {
    await closed(await tell([told], ALL('pager')));
    await delivery().result();
    const [scheduled] = (await eventsOf(delivery())).flatMap(
      (event) => event.activityTaskScheduledEventAttributes ?? [],
    );
    expect(Number(scheduled?.scheduleToCloseTimeout?.seconds)).toBe(3 * 86_400);
    expect(Number(scheduled?.startToCloseTimeout?.seconds)).toBe(30);
    expect(Number(scheduled?.retryPolicy?.maximumInterval?.seconds)).toBe(300);
    expect(Number(scheduled?.retryPolicy?.maximumAttempts)).toBe(0);
    expect(Number(scheduled?.retryPolicy?.backoffCoefficient)).toBe(2);
  });

  test('can be cancelled by a person, and then is Cancelled', async () => {
    receivers.set('pager', hangs);
    const teller = await tell([told], ALL('pager'));
    await tried(`${told.id} to pager`);
    await delivery().cancel();
    const error = await delivery()
      .result()
      .catch((thrown: unknown) => thrown);
    expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    await closed(teller);
  });
});
