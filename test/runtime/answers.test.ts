import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { NO_COUNTS, upperBoundOf } from '../../src/contract/answers.ts';
import { createStableAddress } from '../../src/runtime/local/address.ts';
import { createAnswerCounter } from '../../src/runtime/local/answers.ts';
import { processesMarked, signal } from '../../src/process.ts';
import { hang, MOODY, probe, upgradeAsProbe } from './moody.ts';
import { activation, createWorld, get, shop, until, type World } from './world.ts';

describe('what the runtime counts at a stable address', () => {
  let world: World;
  let address: string | null;
  let first: string | undefined;

  beforeEach(async () => {
    world = await createWorld();
    await world.start({ drainWithin: 300 });
    const { observation } = await world.driver.activate(activation(shop, await moody(1), 1));
    address = observation.address;
    first = observation.instance?.id;
  });
  afterEach(() => world.end());

  const moody = (n: number) => world.server(n, {}, MOODY);
  const users = async () => (await world.driver.measure(shop)).live?.answers.users ?? NO_COUNTS;
  const probes = async () => (await world.driver.measure(shop)).live?.answers.probes.answers;

  /** Waits until so many are counted: an answer is, a moment after its client has it. */
  const counted = (answers: number) =>
    until(async () => {
      const now = await users();
      return now.answers >= answers && now;
    });

  it('is told apart by who asked, and by which instance answered, over a switch and back', async () => {
    for (let n = 0; n < 3; n += 1) await get(address);
    for (const value of ['health', '', 'no-smoke']) await probe(address, '/', value);
    await probe(address, '/', 'smoke');
    await until(async () => (await probes()) === 3);
    expect(await counted(3)).toMatchObject({ answers: 3, errors: 0 });
    expect(await world.driver.measure(shop)).toMatchObject({
      live: { instance: first, answers: { users: { answers: 3 }, probes: { answers: 3, errors: 0 } } },
      before: null,
    });

    const second = await world.driver.activate(activation(shop, await moody(2), 2));
    const fresh = { instance: second.observation.instance?.id, answers: { users: NO_COUNTS, probes: NO_COUNTS } };
    const before = { answers: 3, errors: 0 };
    expect(await world.driver.measure(shop)).toMatchObject({ live: fresh, before });
    await get(address);
    await probe(address, '/error');
    await until(async () => (await probes()) === 1);
    expect(await counted(1)).toMatchObject({ answers: 1, errors: 0 });
    expect(await world.driver.measure(shop)).toMatchObject({
      live: { ...fresh, answers: { users: { answers: 1 }, probes: { answers: 1, errors: 1 } } },
      before,
    });

    const to = (await world.driver.observe(shop)).warm;
    await world.driver.restore({ target: shop, deploymentId: 'staging/shop/2', generation: 2, to });
    expect(await world.driver.measure(shop)).toMatchObject({
      live: { instance: first, answers: { users: { answers: 3 }, probes: { answers: 3 } } },
      before: null,
    });
  });

  it('tells of the version before until it is retired', async () => {
    await get(address, '/error');
    expect(await counted(1)).toMatchObject({ answers: 1, errors: 1 });
    await world.driver.activate(activation(shop, await moody(2), 2));
    expect((await world.driver.measure(shop)).before).toMatchObject({ answers: 1, errors: 1 });
    await world.driver.retire({ target: shop, deploymentId: 'staging/shop/2' });
    expect((await world.driver.measure(shop)).before).toBeNull();
  });

  it('is how long answers took from their request on, good or not', async () => {
    await get(address, '/slow');
    const { latencies } = await counted(1);
    expect(latencies).toHaveLength(1);
    const [bucket, count] = latencies[0] ?? [0, 0];
    expect(count).toBe(1);
    expect(upperBoundOf(bucket)).toBeGreaterThan(295);
    await get(address, '/error');
    const all = await counted(2);
    expect(all.latencies.reduce((sum, [, one]) => sum + one, 0)).toBe(2);
  });

  it.each([
    ['a status of 500', '/error', 1],
    ['one of 404, which may be the right answer', '/missing', 0],
    ['no answer at all: 502 by us', '/reset', 1],
    ['an answer that breaks off', '/break', 1],
  ])('is an error, or not: %s', async (_case, path, errors) => {
    await get(address, path).catch(() => undefined);
    expect(await counted(1)).toMatchObject({ answers: 1, errors });
  });

  it('is an error where the instance is killed in the middle of its answer', async () => {
    const { gone } = await hang(address);
    // Not ready when it is started again, so that the one that died is still the live one.
    await writeFile(join((await world.driver.observe(shop)).instanceFolder, 'died'), '');
    for (const { pid } of processesMarked(`SLIPWAY_INSTANCE=${first}`)) signal(pid, 'SIGKILL');
    await gone;
    expect(await counted(1)).toMatchObject({ answers: 1, errors: 1 });
    expect((await world.driver.measure(shop)).live?.instance).toBe(first);
  });

  it('is nothing where the client went away before the answer ended', async () => {
    const hanging = await hang(address);
    hanging.leave();
    // Once the instance has heard of it, the runtime has judged it.
    await until(async () => (await probe(address, '/left', 'smoke')).body === '1');
    await get(address);
    expect(await counted(1)).toMatchObject({ answers: 1, errors: 0 });
  });

  it('is nothing where we closed the connection, at the deadline of a drain', async () => {
    const { gone } = await hang(address);
    await world.driver.activate(activation(shop, await moody(2), 2));
    await gone;
    expect((await world.driver.measure(shop)).before).toEqual(NO_COUNTS);
  });

  it('is nothing where nothing is in service', async () => {
    const removal = { target: shop, deploymentId: 'staging/shop/1', generation: 1, to: null };
    await world.driver.restore(removal);
    expect((await get(address)).status).toBe(503);
    expect(await world.driver.measure(shop)).toEqual({ live: null, before: null });
    await world.driver.activate(activation(shop, await moody(3), 3));
    expect(await users()).toEqual(NO_COUNTS);
  });

  it('is no upgraded connection; and neither by one nor by a request can an instance tell a probe', async () => {
    const { socket, headers } = await upgradeAsProbe(address);
    socket.destroy();
    expect(headers).toContain('websocket');
    expect(headers.toLowerCase()).not.toContain('slipway');
    expect((await probe(address, '/headers')).body).not.toContain('slipway');
    expect((await probe(address, '/headers', 'smoke')).body).not.toContain('slipway');
    await until(async () => (await probes()) === 1);
    expect(await users()).toEqual(NO_COUNTS);
  });
});

test('of the last answers, 200 are kept', () => {
  const counter = createAnswerCounter();
  for (let n = 0; n < 150; n += 1) counter.count('users', 10, true);
  for (let n = 0; n < 150; n += 1) counter.count('users', 20, false);
  counter.count('probes', 20, true);
  expect(counter.last()).toMatchObject({ answers: 200, errors: 50 });
  for (let n = 0; n < 50; n += 1) counter.count('users', 20, false);
  expect(counter.last()).toMatchObject({ answers: 200, errors: 0 });
  expect(counter.last().latencies).toHaveLength(1);
  expect(counter.answers()).toMatchObject({ users: { answers: 350, errors: 150 }, probes: { answers: 1, errors: 1 } });
});

test('instances that are recorded no more are forgotten', () => {
  const address = createStableAddress({
    target: 'staging/shop',
    port: 1,
    drainWithin: 1,
    logger: pino({ level: 'silent' }),
  });
  const [one, other] = [
    { id: 'one', port: 2 },
    { id: 'other', port: 3 },
  ];
  for (const instance of [one, other, null]) address.switchTo(instance);
  address.counterOf(other)?.count('users', 1, false);
  address.countOnly([other]);
  expect(address.counterOf(one)).toBeNull();
  expect(address.counterOf(other)?.answers().users.answers).toBe(1);
});
