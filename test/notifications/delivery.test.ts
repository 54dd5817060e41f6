import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WebhookReceiver } from '../../src/config/webhooks.ts';
import { REFUSED_RETRY } from '../../src/notifications/answer.ts';
import { deliverEvent, type DeliveryOptions } from '../../src/notifications/delivery.ts';
import { closedAddress, serveTcp } from '../health/servers.ts';
import { eventOf } from './events.ts';
import { answering, openReceiver } from './receiving.ts';

const SECRET = `whsec_${Buffer.from('the-key-of-the-pager-is-32-bytes').toString('base64')}`;
const EVENT = eventOf('rollback-failed');
const PATH = '/T0/B0/path-of-secrets';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-notifications-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const receiver = (url: WebhookReceiver['url'], more: Partial<WebhookReceiver> = {}): WebhookReceiver => ({
  name: 'pager',
  url,
  form: 'cdevents',
  events: 'all',
  secret: { env: 'PAGER_SECRET' },
  ...more,
});

const send = (to: WebhookReceiver, options: Partial<DeliveryOptions> = {}) =>
  deliverEvent(EVENT, to, {
    allowPrivate: true,
    signal: new AbortController().signal,
    env: { PAGER_SECRET: SECRET },
    folder,
    ...options,
  });

/** Why something was not delivered: all of it that anybody will read, with the causes beneath. */
async function refusalOf(delivery: Promise<void>) {
  const error = await delivery.then(
    () => null,
    (thrown: unknown) => thrown as Error & { code: string; retryIn: number | null },
  );
  if (error === null) throw new Error('it was delivered');
  const { code, message, retryIn, cause } = error;
  expect(`${message} ${error.stack} ${JSON.stringify(error)}`).not.toMatch(/path-of-secrets|whsec_[A-Za-z0-9]{8}/);
  expect(cause).toBeUndefined();
  return { code, message, retryIn };
}

describe('a delivery', () => {
  test('is a CloudEvent that the receiver can check: from us, fresh, and which one', async () => {
    const { address, received } = await openReceiver(answering(204));
    await send(receiver(address + PATH));
    const [got] = received;
    expect(got).toMatchObject({ path: PATH, headers: { 'webhook-id': EVENT.id } });
    expect(got?.headers['content-type']).toMatch(/^application\/cloudevents\+json/);
    const checked = new Webhook(SECRET).verify(got?.body ?? '', got?.headers as Record<string, string>);
    expect(checked).toMatchObject({ id: EVENT.id, data: { customData: EVENT } });
    expect(() => new Webhook(SECRET).verify(`${got?.body} `, got?.headers as Record<string, string>)).toThrow(
      'No matching signature',
    );
  });

  test('for a chat is its text, unsigned where there is no secret', async () => {
    const { address, received } = await openReceiver(answering(200));
    const { secret: _, ...unsigned } = receiver({ env: 'CHAT_URL' }, { form: 'slack' });
    await send(unsigned, { env: { CHAT_URL: address + PATH } });
    expect(received[0]).toMatchObject({ path: PATH, headers: { 'content-type': 'application/json' } });
    expect(received[0]?.headers).not.toHaveProperty('webhook-signature');
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({
      text: expect.stringMatching(/^URGENT: staging\/hello could not be rolled back/) as string,
    });
  });

  test('that is tried again after a 500 has the same id, and a signature of its own time', async () => {
    const { address, received } = await openReceiver((response, before) =>
      answering(before === 0 ? 500 : 200)(response),
    );
    const pager = receiver(address);
    expect(await refusalOf(send(pager))).toMatchObject({ code: 'RECEIVER_UNAVAILABLE', retryIn: null });
    await send(pager);
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual([EVENT.id, EVENT.id]);
    for (const { body, headers } of received) {
      expect(() => new Webhook(SECRET).verify(body, headers as Record<string, string>)).not.toThrow();
    }
  });

  test('is signed with the secret of a file', async () => {
    await writeFile(join(folder, 'pager.key'), `${SECRET}\n`);
    const { address, received } = await openReceiver(answering(200));
    await send(receiver(address, { secret: { file: 'pager.key' } }), { env: {} });
    const [got] = received;
    expect(() => new Webhook(SECRET).verify(got?.body ?? '', got?.headers as Record<string, string>)).not.toThrow();
  });

  test('is done when the receiver has said so, however much it goes on to say', async () => {
    const { address } = await openReceiver((response) => {
      response.writeHead(200);
      const more = () => void (response.destroyed || response.write('x'.repeat(64 * 1024), more));
      more();
    });
    await expect(send(receiver(address), { timeout: 5_000 })).resolves.toBeUndefined();
  });
});

describe('a delivery that does not succeed', () => {
  test('ends in time when the receiver takes it and says nothing', async () => {
    const { address } = await openReceiver(() => {});
    const { code, message } = await refusalOf(send(receiver(address + PATH), { timeout: 100 }));
    expect(code).toBe('RECEIVER_UNAVAILABLE');
    expect(message).toMatch(/^receiver pager: 127\.0\.0\.1:\d+: no answer within 100 ms$/);
  });

  test('ends in time when the receiver says one byte after another', async () => {
    const { address } = await serveTcp((socket) => {
      const drip = setInterval(() => socket.write('H'), 5);
      socket.on('close', () => clearInterval(drip));
    });
    expect(await refusalOf(send(receiver(address), { timeout: 100 }))).toMatchObject({ code: 'RECEIVER_UNAVAILABLE' });
  });

  test('says that nobody listens there', async () => {
    const { code, message } = await refusalOf(send(receiver((await closedAddress()) + PATH)));
    expect(code).toBe('RECEIVER_UNAVAILABLE');
    expect(message).toContain('ECONNREFUSED');
  });

  test('follows no redirect to another host, and names it', async () => {
    const elsewhere = await openReceiver(answering(200));
    const { address, received } = await openReceiver(answering(307, { location: `${elsewhere.address}/collect` }));
    const { code, message, retryIn } = await refusalOf(send(receiver(address + PATH)));
    expect({ code, retryIn }).toEqual({ code: 'RECEIVER_REFUSED', retryIn: REFUSED_RETRY });
    expect(message).toContain(
      `a redirect to another host, ${new URL(elsewhere.address).host}; redirects are not followed`,
    );
    expect([received.length, elsewhere.received.length]).toEqual([1, 0]);
  });

  test('says when the receiver wants to be asked again', async () => {
    const { address } = await openReceiver(answering(429, { 'retry-after': '42' }));
    expect(await refusalOf(send(receiver(address)))).toMatchObject({ code: 'RECEIVER_UNAVAILABLE', retryIn: 42_000 });
  });

  test('stops at once when its worker does', async () => {
    const stop = new AbortController();
    const { address } = await openReceiver(() => stop.abort(new Error('the worker shuts down')));
    await expect(send(receiver(address), { signal: stop.signal })).rejects.toThrow('the worker shuts down');
  });
});

describe('unless private addresses are allowed', () => {
  const outside = { allowPrivate: false };

  test.for(['127.0.0.1', '10.0.0.7', '[::1]', '[::ffff:127.0.0.1]', '0x7f000001', '127.1'])(
    'nothing is sent to %s',
    async (host) => {
      const { code, message } = await refusalOf(send(receiver(`https://${host}${PATH}`), outside));
      expect(code).toBe('RECEIVER_REFUSED');
      expect(message).toContain('webhooks.allowPrivate');
    },
  );

  test('nothing is sent to a name that resolves to this machine', async () => {
    const { address, received } = await openReceiver(answering(200));
    const url = address.replace('http://127.0.0.1', 'https://localhost');
    const { code, message, retryIn } = await refusalOf(send(receiver(url + PATH), outside));
    expect({ code, retryIn }).toEqual({ code: 'RECEIVER_REFUSED', retryIn: REFUSED_RETRY });
    expect(message).toMatch(
      /^receiver pager: localhost resolves to (127\.0\.0\.1|::1), which is private or this machine/,
    );
    expect(received).toEqual([]);
  });

  test('an address by reference is looked at all the same', async () => {
    const url = { env: 'CHAT_URL' };
    const env = { PAGER_SECRET: SECRET, CHAT_URL: `http://127.0.0.1${PATH}` };
    const { code, message } = await refusalOf(send(receiver(url), { ...outside, env }));
    expect(code).toBe('RECEIVER_REFUSED');
    expect(message).toBe(
      'the address of receiver pager: found http, expected https; ' +
        'use https, or set `webhooks.allowPrivate: true` for receivers in your own network',
    );
  });
});

describe('a secret that is not there', () => {
  const NOBODY = 'https://127.0.0.1:1';

  test.for([
    [{ env: 'PAGER_SECRET' }, {}, /the variable PAGER_SECRET is not set; set it for the worker/],
    [{ env: 'PAGER_SECRET' }, { PAGER_SECRET: ' ' }, /the variable PAGER_SECRET is not set/],
    [{ file: 'no.key' }, {}, /no\.key cannot be read \(ENOENT\); put it there/],
    [{ env: 'PAGER_SECRET' }, { PAGER_SECRET: 'path-of-secrets' }, /has another form than whsec_ and 24 to 64 bytes/],
    [{ env: 'PAGER_SECRET' }, { PAGER_SECRET: 'whsec_cGF0aA==' }, /has another form than whsec_/],
    [{ env: 'PAGER_SECRET' }, { PAGER_SECRET: `${SECRET}!` }, /has another form than whsec_/],
  ] as const)('is said without it: %j of %j', async ([secret, env, said]) => {
    const { code, message } = await refusalOf(send(receiver(NOBODY, { secret }), { env }));
    expect(code).toBe('SECRET_UNAVAILABLE');
    expect(message).toMatch(/^receiver pager: /);
    expect(message).toMatch(said);
  });

  test('may be the address itself', async () => {
    const { code, message } = await refusalOf(send(receiver({ env: 'CHAT_URL' })));
    expect(code).toBe('SECRET_UNAVAILABLE');
    expect(message).toMatch(/^the address of receiver pager: the variable CHAT_URL is not set/);
  });

  test('an empty file is none', async () => {
    await writeFile(join(folder, 'empty.key'), '\n');
    const { message } = await refusalOf(send(receiver(NOBODY, { secret: { file: 'empty.key' } })));
    expect(message).toContain('empty.key is empty');
  });
});
