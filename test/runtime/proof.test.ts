import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveRelease } from '../../src/contract/release.ts';
import { processesMarked, signal } from '../../src/process.ts';
import { tagOf } from '../../src/runtime/local/sockets.ts';
import { activation, createWorld, get, robot, serverManifest, shop, until, type World } from './world.ts';

describe('whether a release could be returned to', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.end());

  const prove = (release: LiveRelease, target = shop) => world.driver.prove({ target, release });
  const instances = () =>
    new Set(processesMarked(`SLIPWAY_INSTANCE=${tagOf(world.folder)}`).map(({ marker }) => marker));
  async function live(...releases: readonly LiveRelease[]): Promise<void> {
    for (const [index, release] of releases.entries()) {
      await world.driver.activate(activation(shop, release, index + 1));
    }
  }

  it('is seen of the live one, of the warm one, and of none that has no instance; and changes nothing', async () => {
    await world.start();
    const [v1, v2, v3] = [await world.server(1), await world.server(2), await world.server(3)];
    await live(v1, v2);
    const before = await world.driver.observe(shop);
    expect(await prove(v2)).toEqual({ standing: 'live' });
    expect(await prove(v1)).toEqual({ standing: 'warm' });
    expect(await prove(v3)).toEqual({ standing: null });
    expect(await world.driver.observe(shop)).toEqual(before);
  });

  it('is not seen of an instance that has ended', async () => {
    await world.start();
    const [v1, v2] = [await world.server(1), await world.server(2)];
    await live(v1);
    const { instance } = await world.driver.observe(shop);
    await world.driver.activate(activation(shop, v2, 2));
    for (const { pid } of processesMarked(`SLIPWAY_INSTANCE=${instance?.id}`)) signal(pid, 'SIGKILL');
    await until(async () => (await prove(v1)).standing === null);
    expect(await prove(v2)).toEqual({ standing: 'live' });
  });

  it('is not seen of an instance that is alive and not healthy', async () => {
    await world.start();
    const source = `let ill = false;
      import { createServer } from 'node:http';
      createServer((request, response) => {
        if (request.url === '/ill') ill = true;
        response.writeHead(ill ? 500 : 200).end();
      }).listen(Number(process.env.PORT), '127.0.0.1');`;
    const v1 = await world.server(1, {}, source);
    await live(v1);
    expect(await prove(v1)).toEqual({ standing: 'live' });
    await get((await world.driver.observe(shop)).address, '/ill');
    expect(await prove(v1)).toEqual({ standing: null });
    expect((await world.driver.observe(shop)).live).toEqual(v1);
  });

  it('takes no longer than one health check of an instance that hangs', async () => {
    await world.start();
    const source = `let hangs = false;
      import { createServer } from 'node:http';
      createServer((request, response) => {
        if (!hangs) response.end();
        if (request.url === '/hang') hangs = true;
      }).listen(Number(process.env.PORT), '127.0.0.1');`;
    const health = { ...serverManifest(1).health, timeout: 200 };
    const v1 = await world.server(1, { health }, source);
    await live(v1);
    await get((await world.driver.observe(shop)).address, '/hang');
    expect(await prove(v1)).toEqual({ standing: null });
  });

  it('is never seen of an agent, which is replaced and not kept', async () => {
    await world.start();
    const v1 = await world.agent(1);
    await world.driver.activate(activation(robot, v1, 1));
    expect(await prove(v1, robot)).toEqual({ standing: null });
    expect((await world.driver.observe(robot)).instance).toMatchObject({ state: 'ready', restarts: 0 });
  });

  it('is refused with ARTIFACT_CORRUPT where the store does not vouch for its bytes', async () => {
    await world.start();
    const corrupt = { ...(await world.server(1)), digest: `sha256:${'0'.repeat(64)}` as const };
    await expect(prove(corrupt)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  });

  it('is refused with ADDRESS_UNRESOLVED where what it needs has become an agent', async () => {
    await world.start();
    const run = { ...serverManifest(1).run, env: { ROBOT: { address: 'robot' } } };
    const v1 = await world.server(1, { run });
    await live(v1);
    expect(await prove(v1)).toEqual({ standing: 'live' });
    await world.driver.activate(activation(robot, await world.agent(1), 1));
    await expect(prove(v1)).rejects.toMatchObject({ code: 'ADDRESS_UNRESOLVED' });
  });

  it('is refused with INSTANCE_PATH_OVERLAP where its instance folder would lie in the runtime’s own', async () => {
    await world.start({ instances: join(world.folder, 'instances') });
    await expect(prove(await world.server(1))).rejects.toMatchObject({ code: 'INSTANCE_PATH_OVERLAP' });
  });

  it('is not known while no runtime answers', async () => {
    await expect(prove(await world.server(1))).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });

  it('neither waits for an activation that is under way nor disturbs it', async () => {
    await world.start();
    const v1 = await world.server(1);
    await live(v1);
    // Ready only once it is told so: until then the activation is under way.
    const source = `import { existsSync } from 'node:fs';
      import { createServer } from 'node:http';
      const told = process.env.SLIPWAY_INSTANCE_DIR + '/go';
      createServer((request, response) => response.writeHead(existsSync(told) ? 200 : 500).end())
        .listen(Number(process.env.PORT), '127.0.0.1');`;
    const v2 = await world.server(2, {}, source);
    const activating = world.driver.activate(activation(shop, v2, 2));
    await until(async () => instances().size === 2);
    expect(await prove(v1)).toEqual({ standing: 'live' });
    expect(await prove(v2)).toEqual({ standing: null });
    expect((await world.driver.observe(shop)).generation).toBe(1);
    await writeFile(join((await world.driver.observe(shop)).instanceFolder, 'go'), '');
    expect((await activating).observation).toMatchObject({ generation: 2, live: v2, warm: v1 });
  });
});
