import { statSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLocalDriver, createLocalObserver } from '../../src/runtime/local/client.ts';
import { socketsOf } from '../../src/runtime/local/sockets.ts';
import { activation, createWorld, get, shop, type World } from './world.ts';

describe('the sockets of a runtime', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
    await world.start();
  });
  afterEach(() => world.end());

  async function post(socketPath: string, path: string, body: string): Promise<{ status: number; body: unknown }> {
    const dispatcher = new Agent({ connect: { socketPath }, pipelining: 0 });
    const answer = await request(`http://runtime${path}`, { dispatcher, method: 'POST', body });
    return { status: answer.statusCode, body: await answer.body.json() };
  }

  it('let an observer see what a driver does, and change nothing', async () => {
    const change = activation(shop, await world.server(1), 1);
    const { observation } = await world.driver.activate(change);
    const observer = createLocalObserver({ folder: world.folder });
    expect(await observer.observe(shop)).toEqual(observation);
    expect(await observer.observeAll()).toEqual([observation]);

    const { observe } = socketsOf(world.folder);
    expect(await observer.measure(shop)).toEqual(await world.driver.measure(shop));
    for (const path of ['/prove', '/activate', '/restore', '/retire']) {
      expect(await post(observe, path, JSON.stringify(change))).toMatchObject({
        status: 409,
        body: { error: { code: 'ACT_REFUSED' } },
      });
    }
  });

  it('tell nothing of a target that nobody deployed to but that nothing is there', async () => {
    const observation = await world.driver.observe({ environment: 'staging', component: 'unheard-of' });
    expect(observation).toMatchObject({ generation: 0, live: null, instance: null, warm: null, address: null });
    expect(await world.driver.measure({ environment: 'staging', component: 'unheard-of' })).toEqual({
      live: null,
      before: null,
    });
    expect(await world.driver.observeAll()).toEqual([]);
  });

  it('refuse what is no request, and say which field', async () => {
    const { control } = socketsOf(world.folder);
    const change = activation(shop, await world.server(1), 1);
    const wrong = { ...change, release: { ...change.release, digest: 'sha256:short' } };
    expect(await post(control, '/activate', JSON.stringify(wrong))).toMatchObject({
      body: { error: { code: 'USAGE', message: expect.stringContaining('release.digest') as string } },
    });
    expect(await post(control, '/activate', 'what?')).toMatchObject({ body: { error: { code: 'USAGE' } } });
    const traversing = { ...change, target: { environment: '..', component: 'shop' } };
    expect(await post(control, '/activate', JSON.stringify(traversing))).toMatchObject({
      body: { error: { code: 'USAGE', message: expect.stringContaining('target.environment') as string } },
    });
  });

  it('are this user’s alone', () => {
    const { folder, control, observe } = socketsOf(world.folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const socket of [control, observe]) expect(statSync(socket).mode & 0o777).toBe(0o600);
  });
});

it('lie in a short folder when the runtime’s own has a long path', async () => {
  const world = await createWorld(`a-folder-with-a-${'long-'.repeat(20)}name`);
  try {
    await world.start();
    const { folder, control } = socketsOf(world.folder);
    expect(Buffer.byteLength(control)).toBeLessThan(104);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const { observation } = await world.driver.activate(activation(shop, await world.server(1), 1));
    const seen = observation.isolation === 'none' ? 'connected' : 'ENOENT';
    expect((await get(observation.address, `/connect?${control}`)).body).toBe(seen);
    await rm(folder, { recursive: true });
  } finally {
    await world.end();
  }
});

describe('a client', () => {
  it('says RUNTIME_UNAVAILABLE, and what to do, when no runtime is there', async () => {
    const driver = createLocalDriver({ folder: join(tmpdir(), 'no-such-runtime') });
    await expect(driver.observe(shop)).rejects.toMatchObject({
      code: 'RUNTIME_UNAVAILABLE',
      message: expect.stringContaining('slipway up') as string,
    });
  });

  it('says RUNTIME_UNAVAILABLE when the connection breaks off before the answer', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-broken-'));
    await mkdir(folder, { recursive: true });
    const broken = createServer((incoming) => incoming.socket.destroy());
    await new Promise<void>((resolve) => broken.listen(socketsOf(folder).control, resolve));
    try {
      await expect(createLocalDriver({ folder }).observe(shop)).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
    } finally {
      broken.close();
      await rm(folder, { recursive: true });
    }
  });
});
