import { spawn } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NO_ANSWERS, NO_COUNTS } from '../../src/contract/answers.ts';
import { processesMarked, signal } from '../../src/process.ts';
import { tagOf } from '../../src/runtime/local/sockets.ts';
import { compileRuntime, startRuntimeProcess, type RuntimeProcess } from './compiled.ts';
import {
  activation,
  agentManifest,
  createWorld,
  get,
  robot,
  serverManifest,
  shop,
  until,
  type World,
} from './world.ts';

let compiled: Awaited<ReturnType<typeof compileRuntime>>;
beforeAll(async () => {
  compiled = await compileRuntime();
});
afterAll(() => compiled.remove());

let world: World;
let runtime: RuntimeProcess;
beforeEach(async () => {
  world = await createWorld();
  runtime = await startRuntimeProcess(compiled.entry, world);
});
afterEach(async () => {
  runtime.child.kill('SIGKILL');
  await world.end();
});

const marked = () => processesMarked(`SLIPWAY_INSTANCE=${tagOf(world.folder)}`);
const instancesAlive = () => new Set(marked().map(({ marker }) => marker.split('=')[1]));

async function again(signal: NodeJS.Signals): Promise<void> {
  await runtime.end(signal);
  runtime = await startRuntimeProcess(compiled.entry, world);
}

describe('a runtime that is killed', () => {
  it('leaves its instances running, and the next one adopts them as they are, the warm one too', async () => {
    const [v1, v2] = [await world.server(1), await world.server(2)];
    await world.driver.activate(activation(shop, v1, 1));
    await world.driver.activate(activation(shop, v2, 2));
    const agent = (await world.driver.activate(activation(robot, await world.agent(1), 1))).observation;
    const before = await world.driver.observe(shop);

    await again('SIGKILL');

    expect(await world.driver.observe(shop)).toEqual(before);
    expect((await get(before.address)).body).toBe('v2');
    expect((await world.driver.observe(robot)).instance).toMatchObject({ id: agent.instance?.id, restarts: 0 });
    const to = { target: shop, deploymentId: v2.deploymentId, generation: 2, to: v1 };
    expect((await world.driver.restore(to)).outcome).toBe('restored');
    expect((await get(before.address)).body).toBe('v1');
  });

  it('is followed by one that asks an agent with the secrets that it was started with', async () => {
    await world.secret('shop/key', 'the first value');
    const run = { ...agentManifest(1).run, env: { VERSION: 'v1', KEY: { secret: 'shop/key' } } };
    const command = ['sh', '-c', 'printf %s "$KEY" > "$SLIPWAY_INSTANCE_DIR/asked-with"'];
    const health = { command, interval: 50, timeout: 5_000, failures: 3 };
    const request = activation(robot, await world.agent(1, { run, health }), 1);
    const { observation } = await world.driver.activate(request);
    await world.secret('shop/key', 'the second value');
    const file = join(observation.instanceFolder, 'asked-with');

    await again('SIGKILL');

    await rm(file);
    expect(await until(() => readFile(file, 'utf8').catch(() => null))).toBe('the first value');
    expect((await world.driver.observe(robot)).instance).toMatchObject({ id: observation.instance?.id, restarts: 0 });
  });

  it('is followed by one that counts answers anew, of the same instance', async () => {
    const { observation } = await world.driver.activate(activation(shop, await world.server(1), 1));
    const measured = async () => (await world.driver.measure(shop)).live;
    for (let n = 0; n < 2; n += 1) await get(observation.address);
    await until(async () => (await measured())?.answers.users.answers === 2);

    await again('SIGKILL');

    expect(await measured()).toEqual({ instance: observation.instance?.id, answers: NO_ANSWERS });
    await get(observation.address);
    await until(async () => (await measured())?.answers.users.answers === 1);
    await world.driver.activate(activation(shop, await world.server(2), 2));
    await again('SIGKILL');
    expect((await world.driver.measure(shop)).before).toEqual(NO_COUNTS);
  });

  it('in the middle of an activation has changed nothing, and leaves nothing behind', async () => {
    const { observation } = await world.driver.activate(activation(shop, await world.server(1), 1));
    const slow = await world.server(2, {}, 'setInterval(() => {}, 1000);');
    const broken = world.driver.activate(activation(shop, slow, 2)).catch((error: unknown) => error);
    await until(async () => instancesAlive().size === 2);

    await again('SIGKILL');

    expect(await broken).toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
    expect([...instancesAlive()]).toEqual([observation.instance?.id]);
    expect(await world.driver.observe(shop)).toEqual(observation);
    await world.driver.activate(activation(shop, await world.server(3), 2));
    expect((await get(observation.address)).body).toBe('v3');
  });

  it('at random moments of many activations never loses one that it acknowledged, and never disagrees with itself', async () => {
    let acknowledged = 0;
    let address: string | null = null;
    for (let round = 1; round <= 6; round += 1) {
      const generation = acknowledged + 1;
      const request = activation(shop, await world.server(generation), generation);
      const killing = delay(round * 35).then(() => again('SIGKILL'));
      const answer = await world.driver.activate(request).catch(() => null);
      await killing;
      const observed = await world.driver.observe(shop);
      const possible = answer === null ? [acknowledged, generation] : [generation];
      expect(possible).toContain(observed.generation);
      // Asked again, as Temporal would, it ends well whatever had happened.
      const settled = await world.driver.activate(request);
      acknowledged = settled.observation.generation;
      address = settled.observation.address;
      expect((await get(address)).body).toBe(`v${acknowledged}`);
    }
    // The one before the last is let go of aside from the call.
    await until(async () => instancesAlive().size === 2);
  }, 60_000);

  it('while it replaces an agent goes on with that: the old one gone, the new one started, both hashes there', async () => {
    await world.driver.activate(activation(robot, await world.agent(1), 1));
    const next = activation(robot, await world.agent(2), 2);
    const activating = world.driver.activate(next).catch(() => null);
    await until(async () => (await world.driver.observe(robot)).generation === 2);

    await again('SIGKILL');

    await activating;
    const { observation, instanceFolderHashes } = await world.driver.activate(next);
    expect(observation).toMatchObject({ generation: 2, live: next.release, instance: { state: 'ready' } });
    expect(instanceFolderHashes?.before).toBe(instanceFolderHashes?.after);
    expect(instancesAlive().size).toBe(1);
    const journal = await readFile(join(observation.instanceFolder, 'journal'), 'utf8');
    expect(journal.trim().split('\n').at(-1)).toBe('began v2');
  });

  it('is followed by one that starts again what died meanwhile', async () => {
    const { observation } = await world.driver.activate(activation(shop, await world.server(1), 1));
    await runtime.end('SIGKILL');
    for (const { pid } of marked()) signal(pid, 'SIGKILL');
    runtime = await startRuntimeProcess(compiled.entry, world);
    expect((await get(observation.address)).body).toBe('v1');
    expect((await world.driver.observe(shop)).instance).toMatchObject({ state: 'ready', restarts: 1 });
  });

  it('is followed by one that ends instances of its own that nobody recorded, and no others', async () => {
    const orphan = (id: string) =>
      spawn('sleep', ['60'], { env: { PATH: process.env['PATH'], SLIPWAY_INSTANCE: id }, stdio: 'ignore' });
    const [ours, theirs] = [orphan(`${tagOf(world.folder)}-lost`), orphan('0123456789ab-alive')];
    try {
      await again('SIGKILL');
      await until(async () => ours.signalCode === 'SIGKILL');
      expect(theirs.exitCode ?? theirs.signalCode).toBeNull();
    } finally {
      ours.kill('SIGKILL');
      theirs.kill('SIGKILL');
    }
  });
});

describe('a runtime that is stopped', () => {
  it('ends all instances, and the next one brings back what was live', async () => {
    const { observation } = await world.driver.activate(activation(shop, await world.server(1), 1));
    await world.driver.activate(activation(shop, await world.server(2), 2));
    await world.driver.activate(activation(robot, await world.agent(1), 1));
    expect(await runtime.end('SIGTERM')).toBe(0);
    expect(marked()).toEqual([]);
    await expect(world.driver.observe(shop)).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });

    runtime = await startRuntimeProcess(compiled.entry, world);
    expect((await get(observation.address)).body).toBe('v2');
    expect(await world.driver.observe(shop)).toMatchObject({ generation: 2, instance: { restarts: 0 }, warm: null });
    expect((await world.driver.observe(robot)).instance).toMatchObject({ state: 'ready', restarts: 0 });
  });
});

describe('the folder of a runtime', () => {
  it('is refused to a second one', async () => {
    await expect(startRuntimeProcess(compiled.entry, world)).rejects.toThrow('exit code 2: ALREADY_UP');
    await expect(world.start()).rejects.toMatchObject({ code: 'ALREADY_UP' });
  });

  it('goes to one of several that start at once after a kill -9', async () => {
    await runtime.end('SIGKILL');
    const starts = await Promise.allSettled([1, 2, 3].map(() => startRuntimeProcess(compiled.entry, world)));
    const started = starts.filter((start) => start.status === 'fulfilled');
    expect(started).toHaveLength(1);
    runtime = (started[0] as PromiseFulfilledResult<RuntimeProcess>).value;
    await world.driver.observe(shop);
  });

  it('is refused with a reason when its state is not one', async () => {
    await runtime.end('SIGTERM');
    await writeFile(join(world.folder, 'state.json'), '{ "version": 1');
    await expect(world.start()).rejects.toMatchObject({ code: 'FILE_INVALID' });
  });
});

describe('a live instance that ends by itself', () => {
  it('is started again behind the same address, and the restarts are counted', async () => {
    const { observation } = await world.driver.activate(activation(shop, await world.server(1), 1));
    await get(observation.address, '/die').catch(() => null);
    const instance = await until(async () => {
      const seen = (await world.driver.observe(shop)).instance;
      return seen?.state === 'ready' && seen.restarts === 1 ? seen : null;
    });
    expect(instance.id).not.toBe(observation.instance?.id);
    expect((await get(observation.address)).body).toBe('v1');
  });

  it('needs no store for that: what is live lies unpacked', async () => {
    const { observation } = await world.driver.activate(activation(shop, await world.server(1), 1));
    await rm(world.images, { recursive: true });
    await again('SIGKILL');
    await get(observation.address, '/die').catch(() => null);
    await until(async () => (await world.driver.observe(shop)).instance?.restarts === 1);
    await until(async () => (await world.driver.observe(shop)).instance?.state === 'ready');
    expect((await get(observation.address)).body).toBe('v1');
  });

  it('does not hold up a deployment while it is being started again', async () => {
    const run = { ...serverManifest(1).run, startWithin: 60_000 };
    const source = `import { existsSync, writeFileSync } from 'node:fs';
      import { createServer } from 'node:http';
      const mark = process.env.SLIPWAY_INSTANCE_DIR + '/mark';
      if (existsSync(mark)) setInterval(() => {}, 1000);
      else createServer((request, response) => {
        if (request.url === '/die') { writeFileSync(mark, ''); process.exit(1); }
        response.end('v1');
      }).listen(Number(process.env.PORT), '127.0.0.1');`;
    const { observation } = await world.driver.activate(activation(shop, await world.server(1, { run }, source), 1));
    await get(observation.address, '/die').catch(() => null);
    await until(async () => (await world.driver.observe(shop)).instance?.state === 'starting');
    await world.driver.activate(activation(shop, await world.server(2), 2));
    expect((await get(observation.address)).body).toBe('v2');
  });
});
