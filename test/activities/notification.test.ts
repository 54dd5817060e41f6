import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNotification } from '../../activities/notification.ts';
import { loadPlatform } from '../../src/config/load.ts';
import { REFUSED_RETRY } from '../../src/notifications/answer.ts';
import { eventOf } from '../notifications/events.ts';
import { answering, openReceiver } from '../notifications/receiving.ts';
import { logger, openEnvironment, run } from './setting.ts';

const SECRET = `whsec_${Buffer.from('the-key-of-the-pager-is-32-bytes').toString('base64')}`;
const EVENT = eventOf('rolledback');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-notification-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const file = () => join(folder, 'platform.yaml');
const write = (receivers: string, allowPrivate = true) =>
  writeFile(
    file(),
    `apiVersion: slipway/v1
sources: [{ name: shop, url: ./shop }]
environments: { staging: {} }
webhooks: { allowPrivate: ${allowPrivate}, receivers: [${receivers}] }
`,
  );
const pager = (url: string, more = '') => `{ name: pager, url: "${url}", secret: { env: PAGER_SECRET }${more} }`;

const { deliver } = createNotification({
  loadPlatform: () => loadPlatform(file()),
  env: { PAGER_SECRET: SECRET },
  logger,
});
const tell = () => run(deliver, { event: EVENT, receiver: 'pager' });

async function failureOf(attempt: Promise<void>) {
  const error = await attempt.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ApplicationFailure);
  const { type, message, nonRetryable, nextRetryDelay, cause, details } = error as ApplicationFailure;
  expect(JSON.stringify([message, cause?.message, details])).not.toContain(SECRET);
  return { code: type, message, retried: nonRetryable !== true, nextRetryDelay };
}

describe('telling a receiver', () => {
  test('is done once it has answered', async () => {
    const { address, received } = await openReceiver(answering(202));
    await write(pager(address));
    await tell();
    const [got] = received;
    expect(new Webhook(SECRET).verify(got?.body ?? '', got?.headers as Record<string, string>)).toMatchObject({
      id: EVENT.id,
    });
  });

  test('goes by the platform file as it is now: what is mended there is reached at the next try', async () => {
    const { address, received } = await openReceiver(answering(200));
    await write(pager(address), false);
    expect(await failureOf(tell())).toMatchObject({
      code: 'FILE_INVALID',
      retried: true,
      nextRetryDelay: REFUSED_RETRY,
    });
    await write(pager(address));
    await tell();
    expect(received).toHaveLength(1);
  });

  test.for([
    ['was taken out of the file', () => ''],
    ['does not want such events any more', (url: string) => pager(url, ', events: [deployed]')],
    ['wants to hear of urgent ones only', (url: string) => pager(url, ', events: urgent')],
  ] as const)('is done when the receiver %s', async ([, receivers]) => {
    const { address, received } = await openReceiver(answering(200));
    await write(receivers(address));
    await tell();
    expect(received).toEqual([]);
  });

  test('is tried again as the policy has it when it is away, and as it asks when it asks', async () => {
    const { address } = await openReceiver((response, before) =>
      answering(503, before === 0 ? {} : { 'retry-after': '7' })(response),
    );
    await write(pager(address));
    expect(await failureOf(tell())).toMatchObject({
      code: 'RECEIVER_UNAVAILABLE',
      retried: true,
      nextRetryDelay: undefined,
    });
    expect(await failureOf(tell())).toMatchObject({ code: 'RECEIVER_UNAVAILABLE', nextRetryDelay: 7_000 });
  });

  test('is tried again slowly when it refuses, and not at all when it is gone', async () => {
    const { address } = await openReceiver((response, before) => answering(before === 0 ? 403 : 410)(response));
    await write(pager(address));
    expect(await failureOf(tell())).toMatchObject({
      code: 'RECEIVER_REFUSED',
      retried: true,
      nextRetryDelay: REFUSED_RETRY,
    });
    expect(await failureOf(tell())).toMatchObject({ code: 'RECEIVER_REFUSED', retried: false });
  });

  test('is stopped by a cancellation, without waiting for the receiver', async () => {
    const environment = openEnvironment();
    const { address } = await openReceiver(() => environment.cancel());
    await write(pager(address));
    const told = environment.run(() => deliver({ event: EVENT, receiver: 'pager' }));
    await expect(told).rejects.toBeInstanceOf(CancelledFailure);
  });
});
