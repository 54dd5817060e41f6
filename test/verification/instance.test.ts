import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createProber, type ProbeAnswer } from '../../src/health/probe.ts';
import type { Throwaway } from '../../src/verification/instance.ts';
import { holdSocket } from '../../src/verification/socket.ts';
import { describeUnderEach } from '../build/checkout.ts';
import { AGENT, artifact, scratchFolder, server, SERVICE, start } from './artifact.ts';

async function ask({ url, dispatcher }: Throwaway, path = '/'): Promise<ProbeAnswer> {
  const prober = createProber();
  onTestFinished(() => prober.close());
  return prober.probe(`${url}${path}`, { timeout: 2_000, dispatcher });
}

/** Asks until it answers. */
async function answer(instance: Throwaway, path?: string): Promise<string> {
  return vi.waitFor(
    async () => {
      const { body, status, detail } = await ask(instance, path);
      expect(status, `${detail}; ${instance.log()}`).toBe(200);
      return body;
    },
    { timeout: 10_000, interval: 10 },
  );
}

describeUnderEach('a throwaway instance', (sandbox) => {
  const { kind } = sandbox;
  const apart = kind !== 'none';

  test('answers, and says what it has written', async () => {
    const folder = await artifact({
      'server.mjs': `console.log('open for business'); ${server('`Welcome to ${to.url}`')}`,
    });
    const instance = await start(sandbox, folder, SERVICE);
    expect(await answer(instance, '/shop')).toBe('Welcome to /shop');
    expect(instance.log()).toContain('open for business');
  });

  test('has the environment of a live one, of ours nothing, and an empty instance folder', async () => {
    vi.stubEnv('SLIPWAY_CANARY', 'canary-91c2');
    onTestFinished(() => void vi.unstubAllEnvs());
    const run = {
      ...SERVICE.run,
      env: { LOG_LEVEL: 'info', CATALOG_URL: { address: 'catalog' }, KEY: { secret: 'shop/key' } },
    };
    const folder = await artifact({
      'server.mjs': server(
        '(fs.writeFileSync(process.env.SLIPWAY_INSTANCE_DIR + "/state", "1"), JSON.stringify(process.env))',
      ),
    });
    const instance = await start(sandbox, folder, { ...SERVICE, run });
    expect(readdirSync(instance.instanceFolder)).toEqual([]);
    const environment = JSON.parse(await answer(instance)) as Record<string, string>;
    expect(
      Object.keys(environment)
        .filter((name) => name !== 'PWD')
        .sort(),
    ).toEqual(['CATALOG_URL', 'KEY', 'LOG_LEVEL', 'PATH', 'PORT', 'SLIPWAY_INSTANCE_DIR']);
    expect(environment['KEY']).toBe('slipway-secret-placeholder:shop/key');
    expect(JSON.stringify(environment)).not.toContain('canary-91c2');
    expect(readdirSync(instance.instanceFolder)).toEqual(['state']);
  });

  test('finds a closed port where another component would be', async () => {
    const run = { ...SERVICE.run, env: { CATALOG_URL: { address: 'catalog' } } };
    const folder = await artifact({
      'server.mjs': server('fetch(process.env.CATALOG_URL).catch((error) => error.cause.code)'),
    });
    expect(await answer(await start(sandbox, folder, { ...SERVICE, run }))).toBe('ECONNREFUSED');
  });

  test('that dies says how', async () => {
    const folder = await artifact({ 'server.mjs': "console.error('no such table'); process.exit(3)" });
    const instance = await start(sandbox, folder, SERVICE);
    expect(await instance.exited).toBe('it ended with 3');
    expect(instance.log()).toContain('no such table');
    expect((await ask(instance)).status).toBeNull();
  });

  test('that never listens answers nothing, and goes on', async () => {
    const folder = await artifact({ 'server.mjs': "console.log('up'); setInterval(() => {}, 1000)" });
    const instance = await start(sandbox, folder, SERVICE);
    await vi.waitFor(() => expect(instance.log()).toContain('up'), 5_000);
    expect((await ask(instance)).status).toBeNull();
    expect(await Promise.race([instance.exited, Promise.resolve('runs')])).toBe('runs');
  });

  test('that is stopped is gone, and so are its folders', async () => {
    const instance = await start(sandbox, await artifact({ 'server.mjs': server('"hello"') }), SERVICE);
    await answer(instance);
    await instance.stop();
    expect(await instance.exited).toBe('it was stopped');
    expect(existsSync(instance.instanceFolder)).toBe(false);
    expect((await ask(instance).catch(() => null))?.status ?? null).toBeNull();
  });

  test('of an agent has a heartbeat and a folder, and no address', async () => {
    const agent = `import { writeFileSync } from 'node:fs'; const { SLIPWAY_HEARTBEAT, SLIPWAY_INSTANCE_DIR, PORT } = process.env;
      writeFileSync(SLIPWAY_INSTANCE_DIR + '/port', String(PORT)); writeFileSync(SLIPWAY_HEARTBEAT, ''); setInterval(() => {}, 1000);`;
    const instance = await start(sandbox, await artifact({ 'agent.mjs': agent }), AGENT);
    await vi.waitFor(() => expect(existsSync(instance.heartbeatFile)).toBe(true), 5_000);
    expect(readFileSync(join(instance.instanceFolder, 'port'), 'utf8')).toBe('undefined');
    expect(instance).toMatchObject({ url: null, reach: null });
  });

  test.runIf(apart)('cannot write to its artifact', async () => {
    const folder = await artifact({ 'server.mjs': "import { writeFileSync } from 'node:fs'; writeFileSync('x', '')" });
    const instance = await start(sandbox, folder, SERVICE);
    await instance.exited;
    expect(instance.log()).toMatch(/EROFS|EACCES/);
  });

  test.runIf(apart)('cannot have us knock at another socket of this machine', async () => {
    const elsewhere = join(await scratchFolder(), 'elsewhere.sock');
    let knocks = 0;
    const other = createServer((socket) => (knocks++, socket.end()));
    await new Promise<void>((resolve) => other.listen(elsewhere, resolve));
    onTestFinished(() => void other.close());
    const swap = `const socket = '/run/slipway/instance.sock'; fs.rmSync(socket); fs.symlinkSync('${elsewhere}', socket);`;
    const folder = await artifact({ 'server.mjs': `${server('"still me"')} ${swap}` });
    expect(await answer(await start(sandbox, folder, SERVICE))).toBe('still me');
    expect(knocks).toBe(0);
  });
});

test('a link where a socket should be is not followed', async () => {
  const folder = await scratchFolder();
  await symlink('/run/elsewhere.sock', join(folder, 'link'));
  expect(await holdSocket(join(folder, 'link'), new Promise(() => {}))).toBeNull();
});
