import { mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashFolder } from '../../src/runtime/local/instance-folder.ts';
import { activation, AGENT, createWorld, robot, until, type World } from './world.ts';

describe('an agent', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
    await world.start();
  });
  afterEach(() => world.end());

  const journal = (folder: string) => readFile(join(folder, 'journal'), 'utf8');

  it('is stopped before the next one starts, and its instance folder is the same after as before', async () => {
    const first = await world.driver.activate(activation(robot, await world.agent(1), 1));
    expect(first.observation).toMatchObject({ address: null, instance: { state: 'ready' } });
    expect(first.observation.instance?.heartbeatAge).toBeLessThan(1_000);
    expect(first.instanceFolderHashes?.before).toBe(first.instanceFolderHashes?.after);

    const second = await world.driver.activate(activation(robot, await world.agent(2), 2));
    expect(await journal(second.observation.instanceFolder)).toBe('began v1\nended v1\nbegan v2\n');
    const hashes = second.instanceFolderHashes;
    expect(hashes?.before).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(hashes?.after).toBe(hashes?.before);
    expect(hashes?.before).not.toBe(first.instanceFolderHashes?.before);
    expect(second.observation.warm).toBeNull();
  });

  it('answers a repeated activation with the stored hashes, and starts nothing', async () => {
    const request = activation(robot, await world.agent(1), 1);
    const first = await world.driver.activate(request);
    const again = await world.driver.activate(request);
    expect(again.instanceFolderHashes).toEqual(first.instanceFolderHashes);
    expect(again.observation.instance?.id).toBe(first.observation.instance?.id);
    expect(await journal(first.observation.instanceFolder)).toBe('began v1\n');
  });

  it('comes back under a restoration, on the folder as it is now', async () => {
    const [v1, v2] = [await world.agent(1), await world.agent(2)];
    await world.driver.activate(activation(robot, v1, 1));
    await world.driver.activate(activation(robot, v2, 2));
    const restoration = { target: robot, deploymentId: v2.deploymentId, generation: 2, to: v1 };
    const { outcome, observation, instanceFolderHashes } = await world.driver.restore(restoration);
    expect(outcome).toBe('restored');
    expect(observation).toMatchObject({ generation: 3, live: v1, instance: { state: 'ready' } });
    expect(await journal(observation.instanceFolder)).toBe('began v1\nended v1\nbegan v2\nended v2\nbegan v1\n');
    expect(instanceFolderHashes?.before).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(instanceFolderHashes?.after).toBe(instanceFolderHashes?.before);
    expect((await world.driver.restore(restoration)).instanceFolderHashes).toEqual(instanceFolderHashes);
  });

  it('that dies at once can be gone back from, while the runtime keeps trying', async () => {
    const [v1, v2] = [await world.agent(1), await world.agent(2, {}, 'process.exit(1);')];
    await world.driver.activate(activation(robot, v1, 1));
    await expect(world.driver.activate(activation(robot, v2, 2))).rejects.toMatchObject({ code: 'INSTANCE_DIED' });
    expect(await world.driver.observe(robot)).toMatchObject({ generation: 2, live: v2 });
    const restoration = { target: robot, deploymentId: v2.deploymentId, generation: 2, to: v1 };
    expect((await world.driver.restore(restoration)).observation).toMatchObject({ generation: 3, live: v1 });
  });

  it('that never becomes ready does not hold up the way back', async () => {
    const [v1, v2] = [await world.agent(1), await world.agent(2, {}, 'setInterval(() => {}, 1000);')];
    await world.driver.activate(activation(robot, v1, 1));
    const interrupted = world.driver.activate(activation(robot, v2, 2)).catch((error: unknown) => error);
    await until(async () => (await world.driver.observe(robot)).generation === 2);
    const startedAt = performance.now();
    await world.driver.restore({ target: robot, deploymentId: v2.deploymentId, generation: 2, to: v1 });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(await interrupted).toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });

  it('is unhealthy when its heartbeat stops', async () => {
    const health = { heartbeat: 100, failures: 2 };
    const source = AGENT.replace('setInterval(() =>', 'setTimeout(() =>') + 'setInterval(() => {}, 1000);';
    await world.driver.activate(activation(robot, await world.agent(1, { health }, source), 1));
    const unhealthy = async () => (await world.driver.observe(robot)).instance?.state === 'unhealthy';
    expect(await until(unhealthy)).toBe(true);
  });

  it('with a health command is ready when it exits 0, and unhealthy once it fails as often as allowed', async () => {
    const command = [
      'node',
      '-e',
      'process.exit(require("fs").existsSync(process.env.SLIPWAY_INSTANCE_DIR + "/ill") ? 1 : 0)',
    ];
    const health = { command, interval: 50, timeout: 5_000, failures: 2 };
    const { observation } = await world.driver.activate(activation(robot, await world.agent(1, { health }), 1));
    expect(observation.instance?.state).toBe('ready');
    await writeFile(join(observation.instanceFolder, 'ill'), '');
    await until(async () => (await world.driver.observe(robot)).instance?.state === 'unhealthy');
  });
});

describe('the hash of an instance folder', () => {
  it('changes with any name, content, link or folder, and with nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-hash-'));
    try {
      const hashes = [await hashFolder(folder)];
      await writeFile(join(folder, 'a'), '1');
      hashes.push(await hashFolder(folder));
      await writeFile(join(folder, 'a'), '2');
      hashes.push(await hashFolder(folder));
      await mkdir(join(folder, 'b'));
      hashes.push(await hashFolder(folder));
      await symlink('a', join(folder, 'b', 'c'));
      hashes.push(await hashFolder(folder));
      expect(new Set(hashes).size).toBe(hashes.length);
      await utimes(join(folder, 'a'), 1, 1);
      expect(await hashFolder(folder)).toBe(hashes.at(-1));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
