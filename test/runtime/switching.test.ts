import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Agent, request } from 'undici';
import { processesMarked, signal } from '../../src/process.ts';
import { tagOf } from '../../src/runtime/local/sockets.ts';
import { activation, createWorld, get, shop, until, type World } from './world.ts';

describe('the stable address of a service', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.end());

  it('loses no request over ten switches and five restorations under load', async () => {
    await world.start();
    const first = await world.driver.activate(activation(shop, await world.server(1), 1));
    const load = startLoad(first.observation.address as string);
    let generation = 1;
    for (let n = 2; n <= 11; n += 1) {
      const before = (await world.driver.observe(shop)).live;
      const { deploymentId } = await world.server(n);
      await world.driver.activate(activation(shop, await world.server(n), ++generation));
      expect((await get(first.observation.address)).body).toBe(`v${n}`);
      if (n % 2 === 0) {
        await world.driver.restore({ target: shop, deploymentId, generation, to: before });
        generation += 1;
      } else {
        await world.driver.retire({ target: shop, deploymentId });
      }
    }
    const { answers, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(answers).toBeGreaterThan(300);
  }, 60_000);

  it('lets a request that is in flight end at the instance where it began', async () => {
    await world.start();
    const { observation } = await world.driver.activate(activation(shop, await world.server(1), 1));
    const slow = get(observation.address, '/slow');
    await delay(50);
    await world.driver.activate(activation(shop, await world.server(2), 2));
    await world.driver.retire({ target: shop, deploymentId: 'staging/shop/2' });
    expect(await slow).toEqual({ status: 200, body: 'v1' });
    expect((await get(observation.address)).body).toBe('v2');
  });

  it('closes an upgraded connection that stays on the old instance at the deadline of the drain', async () => {
    await world.start({ drainWithin: 300 });
    const { observation } = await world.driver.activate(activation(shop, await world.server(1), 1));
    const socket = await upgrade(observation.address);
    const closed = once(socket, 'close');
    await world.driver.activate(activation(shop, await world.server(2), 2));
    expect(await closed).toBeDefined();
  });

  it('says 503 where nothing is in service: before the first deployment, and after it was taken out again', async () => {
    await world.start({ ports: { 'staging/shop': 29_871 } });
    const { address } = await world.driver.observe(shop);
    expect(await get(address)).toEqual({ status: 503, body: 'staging/shop: nothing is in service\n' });

    const release = await world.server(1);
    await world.driver.activate(activation(shop, release, 1));
    expect((await get(address)).body).toBe('v1');
    const removal = { target: shop, deploymentId: release.deploymentId, generation: 1, to: null };
    const removed = await world.driver.restore(removal);
    expect(removed).toMatchObject({
      outcome: 'removed',
      observation: { generation: 2, live: null, instance: null, warm: null },
    });
    expect((await get(address)).status).toBe(503);
    await until(async () => processesMarked(`SLIPWAY_INSTANCE=${tagOf(world.folder)}`).length === 0);
    expect(await world.driver.restore(removal)).toEqual(removed);
  });

  it('does not keep a runtime from stopping while a connection is upgraded', async () => {
    const runtime = await world.start();
    const { observation } = await world.driver.activate(activation(shop, await world.server(1), 1));
    const socket = await upgrade(observation.address);
    const closed = once(socket, 'close');
    await runtime.close();
    expect(await closed).toBeDefined();
  });

  it('keeps its clients’ connections open, and answers 502 when an instance dies over a request', async () => {
    await world.start();
    const { observation } = await world.driver.activate(activation(shop, await world.server(1), 1));
    const { headers, body } = await request(observation.address as string);
    await body.text();
    expect(headers['connection']).toBe('keep-alive');
    expect(await get(observation.address, '/die')).toMatchObject({ status: 502 });
  });

  it('keeps the port that it was given, also over a restart', async () => {
    const runtime = await world.start();
    const { observation } = await world.driver.activate(activation(shop, await world.server(1), 1));
    await runtime.close();
    await world.start();
    expect((await world.driver.observe(shop)).address).toBe(observation.address);
    expect((await get(observation.address)).body).toBe('v1');
  });
});

describe('the version before', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
    await world.start();
  });
  afterEach(() => world.end());

  it('is kept warm, and is live again without a start when it is restored', async () => {
    const [v1, v2] = [await world.server(1), await world.server(2)];
    const first = await world.driver.activate(activation(shop, v1, 1));
    const second = await world.driver.activate(activation(shop, v2, 2));
    expect(second.observation).toMatchObject({ generation: 2, live: v2, warm: v1 });

    const restoration = { target: shop, deploymentId: v2.deploymentId, generation: 2, to: v1 };
    const startedAt = performance.now();
    const restored = await world.driver.restore(restoration);
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(restored.outcome).toBe('restored');
    expect(restored.observation).toMatchObject({ generation: 3, live: v1, warm: null });
    expect(restored.observation.instance?.id).toBe(first.observation.instance?.id);
    expect((await get(restored.observation.address)).body).toBe('v1');
    expect(await world.driver.restore(restoration)).toEqual(restored);
  });

  it('is started again when its warm instance has died meanwhile', async () => {
    const [v1, v2] = [await world.server(1), await world.server(2)];
    const first = await world.driver.activate(activation(shop, v1, 1));
    await world.driver.activate(activation(shop, v2, 2));
    const dying = `SLIPWAY_INSTANCE=${first.observation.instance?.id}`;
    for (const { pid } of processesMarked(dying)) signal(pid, 'SIGKILL');
    await until(async () => (await world.driver.observe(shop)).warm === null);

    const restored = await world.driver.restore({
      target: shop,
      deploymentId: v2.deploymentId,
      generation: 2,
      to: v1,
    });
    expect(restored.outcome).toBe('restored');
    expect((await get(restored.observation.address)).body).toBe('v1');
  });

  it('ends when its deployment retires it, and not when another asks', async () => {
    const [v1, v2] = [await world.server(1), await world.server(2)];
    const first = await world.driver.activate(activation(shop, v1, 1));
    await world.driver.activate(activation(shop, v2, 2));
    await world.driver.retire({ target: shop, deploymentId: v1.deploymentId });
    expect((await world.driver.observe(shop)).warm).toEqual(v1);
    await world.driver.retire({ target: shop, deploymentId: v2.deploymentId });
    expect((await world.driver.observe(shop)).warm).toBeNull();
    expect(processesMarked(`SLIPWAY_INSTANCE=${first.observation.instance?.id}`)).toEqual([]);
  });

  it('makes room for the next one when a deployment forgot to retire it', async () => {
    const releases = [await world.server(1), await world.server(2), await world.server(3)];
    const ids: (string | undefined)[] = [];
    for (const [index, release] of releases.entries()) {
      const { observation } = await world.driver.activate(activation(shop, release, index + 1));
      ids.push(observation.instance?.id);
    }
    expect((await world.driver.observe(shop)).warm).toEqual(releases[1]);
    expect(await until(async () => processesMarked(`SLIPWAY_INSTANCE=${ids[0]}`).length === 0)).toBe(true);
  });
});

async function upgrade(address: string | null): Promise<Socket> {
  const socket = connect(Number(new URL(address as string).port), '127.0.0.1');
  socket.write(
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString()).toContain('101 Switching Protocols');
  return socket;
}

/** Asks without a pause over kept connections, as browsers do, and counts what did not go well. */
function startLoad(address: string): { stop(): Promise<{ answers: number; failures: string[] }> } {
  const dispatcher = new Agent({ connections: 4 });
  const failures: string[] = [];
  let answers = 0;
  let stopped = false;
  const clients = Array.from({ length: 4 }, async () => {
    while (!stopped) {
      try {
        const { statusCode, body } = await request(address, { dispatcher });
        const text = await body.text();
        if (statusCode === 200 && text.startsWith('v')) answers += 1;
        else failures.push(`${statusCode} ${text}`);
      } catch (error) {
        failures.push(String(error));
      }
      await delay(5);
    }
  });
  return {
    async stop() {
      stopped = true;
      await Promise.all(clients);
      await dispatcher.close();
      return { answers, failures };
    },
  };
}
