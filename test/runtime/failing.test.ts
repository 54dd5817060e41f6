import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processesMarked } from '../../src/process.ts';
import { tagOf } from '../../src/runtime/local/sockets.ts';
import { activation, createWorld, get, robot, SERVER, serverManifest, shop, until, type World } from './world.ts';

describe('an activation that cannot succeed leaves what was live as it was', () => {
  let world: World;
  let address: string | null;
  const marked = () => processesMarked(`SLIPWAY_INSTANCE=${tagOf(world.folder)}`);

  beforeEach(async () => {
    world = await createWorld();
    await world.start();
    address = (await world.driver.activate(activation(shop, await world.server(1), 1))).observation.address;
  });
  afterEach(async () => {
    await world.end();
  });

  async function expectUnchanged(): Promise<void> {
    expect(await world.driver.observe(shop)).toMatchObject({ generation: 1, live: { version: 'v1' }, warm: null });
    expect((await get(address)).body).toBe('v1');
    const { instance } = await world.driver.observe(shop);
    await until(async () => marked().every(({ marker }) => marker.endsWith(instance?.id ?? '?')));
  }

  it('INSTANCE_DIED, with its exit code and the end of its log', async () => {
    const release = await world.server(2, {}, 'console.error("no database"); process.exit(7);');
    await expect(world.driver.activate(activation(shop, release, 2))).rejects.toMatchObject({
      code: 'INSTANCE_DIED',
      message: expect.stringMatching(/exit: 7\)[\s\S]*no database/) as string,
    });
    await expectUnchanged();
  });

  it('INSTANCE_DIED, for a command that is not there', async () => {
    const run = { ...serverManifest(2).run, command: ['no-such-command'] };
    const release = await world.server(2, { run });
    await expect(world.driver.activate(activation(shop, release, 2))).rejects.toMatchObject({ code: 'INSTANCE_DIED' });
    await expectUnchanged();
  });

  it('INSTANCE_NEVER_READY, for one that does not listen', async () => {
    const run = { ...serverManifest(2).run, startWithin: 300 };
    const release = await world.server(2, { run }, 'setInterval(() => {}, 1000);');
    await expect(world.driver.activate(activation(shop, release, 2))).rejects.toMatchObject({
      code: 'INSTANCE_NEVER_READY',
      message: expect.stringContaining('run.startWithin (300ms)') as string,
    });
    await expectUnchanged();
  });

  it('INSTANCE_NEVER_READY, for one whose health is not 2xx', async () => {
    const run = { ...serverManifest(2).run, startWithin: 500 };
    const source = SERVER.replace('setTimeout(', 'response.statusCode = 500; setTimeout(');
    const release = await world.server(2, { run }, source);
    await expect(world.driver.activate(activation(shop, release, 2))).rejects.toMatchObject({
      code: 'INSTANCE_NEVER_READY',
      message: expect.stringContaining('/ answered 500') as string,
    });
    await expectUnchanged();
  });

  it('ARTIFACT_CORRUPT, for bytes that the store does not vouch for', async () => {
    const release = { ...(await world.server(2)), digest: `sha256:${'0'.repeat(64)}` as const };
    await expect(world.driver.activate(activation(shop, release, 2))).rejects.toMatchObject({
      code: 'ARTIFACT_CORRUPT',
    });
    await expectUnchanged();
  });

  it('ADDRESS_UNRESOLVED, for an agent’s address', async () => {
    await world.driver.activate(activation(robot, await world.agent(1), 1));
    const run = { ...serverManifest(2).run, env: { ROBOT: { address: 'robot' } } };
    await expect(world.driver.activate(activation(shop, await world.server(2, { run }), 2))).rejects.toMatchObject({
      code: 'ADDRESS_UNRESOLVED',
    });
    expect((await get(address)).body).toBe('v1');
  });

  it('a caller that goes away before the switch takes his new instance with him', async () => {
    const release = await world.server(2, {}, 'setInterval(() => {}, 1000);');
    const caller = new AbortController();
    const activating = world.driver.activate(activation(shop, release, 2), caller.signal);
    const { instance } = await world.driver.observe(shop);
    await until(async () => marked().some(({ marker }) => !marker.endsWith(instance?.id ?? '?')));
    caller.abort(new Error('enough'));
    await expect(activating).rejects.toThrow('enough');
    await expectUnchanged();
    const third = await world.server(3);
    await world.driver.activate(activation(shop, third, 2));
    expect((await get(address)).body).toBe('v3');
  });
});

describe('an instance folder inside the runtime’s own', () => {
  it('is INSTANCE_PATH_OVERLAP', async () => {
    const world = await createWorld();
    try {
      await world.start({ instances: `${world.folder}/instances` });
      await expect(world.driver.activate(activation(shop, await world.server(1), 1))).rejects.toMatchObject({
        code: 'INSTANCE_PATH_OVERLAP',
        message: expect.stringContaining('runtimes.local.instances') as string,
      });
    } finally {
      await world.end();
    }
  });
});

describe('a stable port that somebody else holds', () => {
  it('is PORT_TAKEN until it is free', async () => {
    const world = await createWorld();
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as { port: number };
    try {
      await world.start({ ports: { 'staging/shop': port } });
      const request = activation(shop, await world.server(1), 1);
      await expect(world.driver.activate(request)).rejects.toMatchObject({
        code: 'PORT_TAKEN',
        message: expect.stringContaining(String(port)) as string,
      });
      expect((await world.driver.observe(shop)).generation).toBe(0);
      squatter.close();
      await once(squatter, 'close');
      const { observation } = await world.driver.activate(request);
      expect(observation.address).toBe(`http://127.0.0.1:${port}`);
      expect((await get(observation.address)).body).toBe('v1');
    } finally {
      squatter.close();
      await world.end();
    }
  });
});

describe('the environment of an instance', () => {
  it('has what the manifest says, its own folder and port, the addresses of others, and nothing of ours', async () => {
    const world = await createWorld();
    try {
      await world.start();
      const run = { ...serverManifest(1).run, env: { VERSION: 'v1', ROBOT_URL: { address: 'catalog' } } };
      const { observation } = await world.driver.activate(activation(shop, await world.server(1, { run }), 1));
      const environment = JSON.parse((await get(observation.address, '/env')).body) as Record<string, string>;
      const catalog = await world.driver.observe({ environment: 'staging', component: 'catalog' });
      expect(environment).toMatchObject({
        VERSION: 'v1',
        ROBOT_URL: catalog.address,
        SLIPWAY_INSTANCE: observation.instance?.id,
        SLIPWAY_INSTANCE_DIR: observation.instanceFolder,
      });
      const expected = ['PATH', 'PORT', 'ROBOT_URL', 'SLIPWAY_INSTANCE', 'SLIPWAY_INSTANCE_DIR', 'VERSION'];
      const ofTheShell = ['PWD', 'OLDPWD', 'SHLVL', '_'];
      expect(
        Object.keys(environment)
          .filter((key) => !ofTheShell.includes(key))
          .toSorted(),
      ).toEqual(expected);
      expect((await get(catalog.address)).status).toBe(503);
    } finally {
      await world.end();
    }
  });
});
