import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pathsOf } from '../../src/config/load.ts';
import { lockFolder } from '../../src/locks/folder.ts';
import { identify } from '../../src/process.ts';
import { keyFolderOf } from '../../src/signing/key-folder.ts';
import { rotateKey } from '../../src/signing/keys.ts';
import { connect } from '../../src/temporal/connection.ts';
import { missingSearchAttributes } from '../../src/temporal/search-attributes.ts';
import { locatePlatform } from '../../src/up/locate.ts';
import { startPlatform, type RunningPlatform } from '../../src/up/up.ts';
import { readUpFile } from '../../src/up/up-file.ts';
import { testPlatform, type TestPlatform } from './platform.ts';

const isRoot = process.getuid?.() === 0;

/** How the stand-ins were called, and what they were given. */
async function callsOf(platform: TestPlatform): Promise<readonly Record<string, unknown>[]> {
  const lines = (await readFile(join(platform.folder, 'platform.yaml.calls'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('slipway up', () => {
  let platform: TestPlatform;
  let running: RunningPlatform;
  let state: string;
  beforeAll(async () => {
    platform = await testPlatform({ TEMPORAL_API_KEY: 'of another server' });
    state = join(platform.folder, '.slipway');
    running = await startPlatform(platform.options);
  }, 60_000);
  afterAll(async () => {
    await running?.close();
    await platform.remove();
  });

  test('says which server it took, then that all is ready', () => {
    expect(platform.told[0]).toMatch(/^Temporal: /);
    expect(running.readyLine).toMatch(/^ready 127\.0\.0\.1:\d+ http:\/\/127\.0\.0\.1:\d+$/);
  });

  test('has its server know the search attributes', async () => {
    const connection = await connect(running.location);
    expect(await missingSearchAttributes(connection, 'default')).toEqual([]);
    await connection.close();
  });

  test('serves the Temporal UI where it says', async () => {
    const page = await fetch(running.ui!);
    expect(page.status).toBe(200);
  });

  test('runs the runtime, the orchestrator, the builder and a deployer for each environment', async () => {
    expect([...running.pids().keys()].join(' ')).toBe(
      'temporal runtime orchestrator builder deployer-staging deployer-production',
    );
    const config = join(platform.folder, 'platform.yaml');
    const calls = (await callsOf(platform)).map(({ args }) => (args as string[]).join(' '));
    const compiled = join(platform.folder, 'compiled');
    expect(calls.toSorted()).toEqual(
      [
        `${compiled}/src/runtime/local/main.js --folder ${state}/runtime --config ${config}`,
        `${compiled}/workers/builder.js --config ${config}`,
        `${compiled}/workers/deployer.js --config ${config} --environment production`,
        `${compiled}/workers/deployer.js --config ${config} --environment staging`,
        `${compiled}/workers/orchestrator.js --config ${config}`,
      ].toSorted(),
    );
  });

  test('tells them where its server is, and nothing that belongs to another', async () => {
    for (const call of await callsOf(platform)) {
      expect(call['TEMPORAL_ADDRESS']).toBe(running.location.address);
      expect(call).not.toHaveProperty('TEMPORAL_API_KEY');
    }
  });

  test('is found by the other commands', async () => {
    expect(await locatePlatform(state, {})).toEqual(running.location);
    expect(await readUpFile(state)).toMatchObject({ pid: process.pid, environments: ['staging', 'production'] });
  });

  test('is refused a second time on the same folder, and the first goes on', async () => {
    await expect(startPlatform(platform.options)).rejects.toMatchObject({ code: 'ALREADY_UP' });
    expect(await readUpFile(state)).not.toBeNull();
    await (await connect(running.location)).close();
  });

  test('starts its server again when that is killed, at the same address and with what it knew', async () => {
    const before = running.pids().get('temporal')!;
    process.kill(before, 'SIGKILL');
    await expect.poll(() => running.pids().get('temporal'), { timeout: 10_000 }).not.toBe(before);
    await expect.poll(() => platform.told.at(-1), { timeout: 10_000 }).toBe('temporal is ready again');
    const connection = await connect(running.location);
    expect(await missingSearchAttributes(connection, 'default')).toEqual([]);
    await connection.close();
  }, 30_000);

  test('hands each worker its own key, and a new one as soon as there is one', async () => {
    const { loaded, env } = platform.options;
    const { folder } = keyFolderOf(loaded.folder, env);
    const keysOf = async (name: string) =>
      (await callsOf(platform)).filter(({ args }) => (args as string[]).join(' ').includes(name)).map(({ key }) => key);
    const pem = async (name: string) => await readFile(join(folder, `${name}.pem`), 'utf8');
    expect(await keysOf('orchestrator.js')).toEqual([await pem('orchestrator-1')]);
    expect(await keysOf('--environment production')).toEqual([await pem('deployer-production-1')]);
    expect(await keysOf('runtime/local')).toEqual([null]);

    await rotateKey({ loaded, env, now: new Date() }, { role: 'builder', environment: null }, 'ada');
    await expect
      .poll(() => keysOf('builder.js'), { timeout: 10_000 })
      .toEqual([await pem('builder-1'), await pem('builder-2')]);
    expect(platform.told).toContain('builder signs with builder-2 from now on');
  }, 30_000);

  test.runIf(process.platform === 'linux')(
    'runs each worker where it cannot be led to another’s key, and the server where there is none',
    async () => {
      const { loaded, env } = platform.options;
      const keys = keyFolderOf(loaded.folder, env);
      const namespaces = async (pid: number | 'self') =>
        await Promise.all(['user', 'mnt'].map((kind) => readlink(`/proc/${pid}/ns/${kind}`)));
      const ours = await namespaces('self');
      expect((await readdir(keys.folder)).filter((file) => file.endsWith('.pem'))).not.toEqual([]);
      const seen: Record<string, unknown> = {};
      for (const [name, pid] of running.pids()) {
        const [user, mounts] = await namespaces(pid);
        const isApart = { user: user !== ours[0], mounts: mounts !== ours[1] };
        // As the process sees it: the way to its root is ours to go while it runs.
        const listed = await readdir(join(`/proc/${pid}/root`, keys.root), { recursive: true });
        seen[name] = { ...isApart, privateKeys: listed.filter((file) => file.endsWith('.pem')) };
      }
      const apart = { user: true, mounts: true, privateKeys: [] };
      const workers = ['orchestrator', 'builder', 'deployer-staging', 'deployer-production'];
      const others = isRoot ? { runtime: { ...apart, user: false } } : {};
      expect(seen).toMatchObject(Object.fromEntries(['temporal', ...workers].map((name) => [name, apart])));
      expect(seen).toMatchObject(others);
    },
  );

  test('stops everything that it started, and is up no more', async () => {
    const pids = [...running.pids().values()];
    await running.close();
    expect(pids.map(identify)).toEqual(pids.map(() => null));
    expect(await readUpFile(state)).toBeNull();
    await expect(locatePlatform(state, {})).rejects.toMatchObject({
      code: 'TEMPORAL_UNAVAILABLE',
      message: expect.stringContaining('Run "slipway up"'),
    });
  });

  test('comes up again on the same folder at the same addresses', async () => {
    const again = await startPlatform(platform.options);
    expect(again.readyLine).toBe(running.readyLine);
    await again.close();
  }, 30_000);
});

describe('slipway up on a server that runs already', () => {
  test('starts none, and lets nothing run when that server is away', async () => {
    const platform = await testPlatform({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
    await expect(startPlatform(platform.options)).rejects.toMatchObject({ code: 'TEMPORAL_UNAVAILABLE' });
    expect(platform.told).toEqual([
      'Temporal: the server at 127.0.0.1:1, namespace default, named by TEMPORAL_ADDRESS',
      expect.stringMatching(/^Made /),
    ]);
    await platform.remove();
  }, 10_000);
});

test('a worker that cannot start ends the whole of up in its own words, and leaves the folder free', async () => {
  const platform = await testPlatform();
  const builder = join(platform.options.compiled!, 'workers', 'builder.js');
  await writeFile(builder, "console.error('no sandbox'); process.exit(1);");
  await expect(startPlatform(platform.options)).rejects.toMatchObject({
    code: 'NO_WORKER',
    message: expect.stringMatching(/builder did not become ready: exit code 1.*no sandbox/s),
  });
  await (await lockFolder(pathsOf(platform.loaded).state)).release();
  await platform.remove();
}, 30_000);

describe('slipway up where workers cannot be kept from each other’s keys', () => {
  /** Nothing that could keep them apart is found, nor a server: what comes after that is not under test. */
  const bare = { PATH: '/nowhere', TEMPORAL_ADDRESS: '127.0.0.1:1' };

  test('is refused, and says what to do', async () => {
    const platform = await testPlatform(bare);
    const starting = startPlatform(platform.options);
    await expect(starting).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    await expect(starting).rejects.toThrow(
      /^Workers cannot be kept from each other's keys here \(.*ENOENT.*user namespaces.*`build: \{ sandbox: none \}`/,
    );
    await platform.remove();
  }, 10_000);

  test('goes on where the platform file lets that be, and says so', async () => {
    const platform = await testPlatform(bare, 'build: { sandbox: none }\n');
    await expect(startPlatform(platform.options)).rejects.toMatchObject({ code: 'TEMPORAL_UNAVAILABLE' });
    expect(platform.told.at(-1)).toMatch(/^sandbox: none. Workers are not kept from each other's keys \(.*ENOENT\)/);
    await platform.remove();
  }, 10_000);
});
