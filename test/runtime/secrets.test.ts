import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SealedManifest } from '../../src/config/manifest.ts';
import { processesMarked, signal } from '../../src/process.ts';
import { tagOf } from '../../src/runtime/local/sockets.ts';
import { secretsIn } from './secrets.ts';
import {
  activation,
  agentManifest,
  AGENT,
  createWorld,
  get,
  robot,
  serverManifest,
  shop,
  until,
  type World,
} from './world.ts';

const NAME = 'shop/database-url';
const VALUE = 'postgres://shop:correct-horse@db/shop';

const asking = (manifest: SealedManifest): SealedManifest['run'] => ({
  ...manifest.run,
  env: { ...manifest.run.env, DATABASE_URL: { secret: NAME } },
});

describe('a component that asks for a secret', () => {
  let world: World;
  let said: string;
  beforeEach(async () => {
    world = await createWorld();
    said = '';
  });
  afterEach(() => world.end());

  const start = () => world.start({ logger: pino({}, { write: (line: string) => void (said += line) }) });
  const server = (n: number, source?: string) => world.server(n, { run: asking(serverManifest(n)) }, source);
  const agent = (n: number, overrides: Partial<SealedManifest> = {}, source?: string) =>
    world.agent(n, { run: asking(agentManifest(n)), ...overrides }, source);
  const marked = () => processesMarked(`SLIPWAY_INSTANCE=${tagOf(world.folder)}`);
  const seenBy = async (): Promise<unknown> => {
    const { address } = await world.driver.observe(shop);
    return (JSON.parse((await get(address, '/env')).body) as Record<string, string>)['DATABASE_URL'];
  };

  it('finds it in its environment, without the line end of the file; nothing that the runtime keeps has it', async () => {
    await world.secret(NAME, `${VALUE}\n`);
    await start();
    await world.driver.activate(activation(shop, await server(1), 1));
    expect(await seenBy()).toBe(VALUE);
    const kept = await readFile(join(world.folder, 'state.json'), 'utf8');
    const arguments_ = await Promise.all(marked().map(({ pid }) => readFile(`/proc/${pid}/cmdline`, 'utf8')));
    for (const text of [kept, said, ...arguments_]) expect(text).not.toContain('correct-horse');
  });

  it('is SECRET_MISSING where it is not there: what was live stays so, a server and an agent', async () => {
    await start();
    await world.secret('shop/other', VALUE);
    const [v1, r1] = [await world.server(1), await world.agent(1)];
    await world.driver.activate(activation(shop, v1, 1));
    const before = (await world.driver.activate(activation(robot, r1, 1))).observation;
    const message = `run.env asks for the secret ${NAME} of staging, looked for at ${join(world.secrets, NAME)}; put it there`;
    const missing = { code: 'SECRET_MISSING', clause: '§9', message };
    await expect(world.driver.activate(activation(shop, await server(2), 2))).rejects.toMatchObject(missing);
    await expect(world.driver.activate(activation(robot, await agent(2), 2))).rejects.toMatchObject(missing);
    expect(await world.driver.observe(shop)).toMatchObject({ generation: 1, live: v1, warm: null });
    expect(await world.driver.observe(robot)).toMatchObject({
      generation: 1,
      live: r1,
      instance: { id: before.instance?.id, state: 'ready' },
    });
    expect(new Set(marked().map(({ marker }) => marker)).size).toBe(2);
  });

  it('is SECRET_MISSING where its environment declares none, with what to write', async () => {
    await world.start({ secrets: secretsIn(world.secrets, { staging: {} }) });
    await expect(world.driver.activate(activation(shop, await server(1), 1))).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.stringContaining('write environments.staging.secrets in platform.yaml') as string,
    });
  });

  it('is SECRET_UNAVAILABLE, and tried again, where its folder is not there', async () => {
    await start();
    await expect(world.driver.activate(activation(shop, await server(1), 1))).rejects.toMatchObject({
      code: 'SECRET_UNAVAILABLE',
      fault: 'platform',
    });
  });

  it('can be returned to only while its secret is there', async () => {
    await world.secret(NAME, VALUE);
    await start();
    const v1 = await server(1);
    await world.driver.activate(activation(shop, v1, 1));
    const prove = () => world.driver.prove({ target: shop, release: v1 });
    expect(await prove()).toEqual({ standing: 'live' });
    await rm(join(world.secrets, NAME));
    await expect(prove()).rejects.toMatchObject({ code: 'SECRET_MISSING' });
  });

  it('is restored to its warm instance whatever has become of its secret meanwhile', async () => {
    await world.secret(NAME, VALUE);
    await start();
    const [v1, v2] = [await server(1), await world.server(2)];
    await world.driver.activate(activation(shop, v1, 1));
    await world.driver.activate(activation(shop, v2, 2));
    await rm(join(world.secrets, NAME));
    const restoration = { target: shop, deploymentId: v2.deploymentId, generation: 2, to: v1 };
    expect((await world.driver.restore(restoration)).outcome).toBe('restored');
    expect(await seenBy()).toBe(VALUE);
  });

  it('has a new value from its next start on, and not before', async () => {
    await world.secret(NAME, 'the first value');
    await start();
    const { observation } = await world.driver.activate(activation(shop, await server(1), 1));
    await world.secret(NAME, 'the second value');
    expect(await seenBy()).toBe('the first value');
    for (const { pid } of processesMarked(`SLIPWAY_INSTANCE=${observation.instance?.id}`)) signal(pid, 'SIGKILL');
    await until(async () => (await seenBy().catch(() => null)) === 'the second value');
  });

  it('is not started again without it; the log says why', async () => {
    await world.secret(NAME, VALUE);
    await start();
    const { observation } = await world.driver.activate(activation(shop, await server(1), 1));
    await rm(join(world.secrets, NAME));
    for (const { pid } of processesMarked(`SLIPWAY_INSTANCE=${observation.instance?.id}`)) signal(pid, 'SIGKILL');
    await until(async () => said.includes(`run.env asks for the secret ${NAME}`));
    await world.secret(NAME, VALUE);
    expect(await until(async () => (await seenBy().catch(() => null)) as string | null)).toBe(VALUE);
  });

  it('is quoted without it when it dies printing it, raw and encoded', async () => {
    await world.secret(NAME, VALUE);
    await start();
    const source = `const it = process.env.DATABASE_URL;
      console.error([it, Buffer.from('x' + it).toString('base64'), encodeURIComponent(it)].join('\\n'));
      process.exit(1);`;
    const error = await world.driver
      .activate(activation(shop, await server(1, source), 1))
      .catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'INSTANCE_DIED' });
    const { message } = error as Error;
    expect(message.match(/\[secret shop\/database-url\]/g)).toHaveLength(3);
    const forms = [VALUE, encodeURIComponent(VALUE), Buffer.from(VALUE).toString('base64').slice(4, -4)];
    for (const form of forms) expect(message + said).not.toContain(form);
  });

  it('is asked by its own health command with the value that it was started with', async () => {
    await world.secret(NAME, 'the first value');
    await start();
    const health = {
      command: ['sh', '-c', 'printf %s "$DATABASE_URL" > "$SLIPWAY_INSTANCE_DIR/asked-with"'],
      interval: 50,
      timeout: 5_000,
      failures: 3,
    };
    const { observation } = await world.driver.activate(activation(robot, await agent(1, { health }, AGENT), 1));
    await world.secret(NAME, 'the second value');
    const file = join(observation.instanceFolder, 'asked-with');
    await rm(file);
    await until(async () => (await readFile(file, 'utf8').catch(() => null)) || null);
    expect(await readFile(file, 'utf8')).toBe('the first value');
  });
});
