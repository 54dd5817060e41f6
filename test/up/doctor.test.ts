import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsePlatform, pathsOf } from '../../src/config/load.ts';
import { keyFolderOf } from '../../src/signing/key-folder.ts';
import { createMissingKeys } from '../../src/signing/keys.ts';
import { connect } from '../../src/temporal/connection.ts';
import { registerSearchAttributes } from '../../src/temporal/search-attributes.ts';
import { connectWorker } from '../../src/temporal/worker-connection.ts';
import { examine } from '../../src/up/doctor/doctor.ts';
import type { Finding } from '../../src/up/doctor/finding.ts';
import { checkNode, checkRequiredSandboxes, checkSandboxes } from '../../src/up/doctor/machine.ts';
import { writeUpFile } from '../../src/up/up-file.ts';
import { startServer, type RunningServer } from '../temporal/server.ts';
import { testPlatform, type TestPlatform } from './platform.ts';

let platform: TestPlatform;
let server: RunningServer;
beforeAll(async () => {
  platform = await testPlatform();
  server = await startServer();
}, 60_000);
afterAll(async () => {
  await server?.close();
  await platform?.remove();
});

const probeSandboxes = async () => [{ kind: 'bwrap', works: true }];

async function findings(): Promise<ReadonlyMap<string, Finding>> {
  const { loaded, env } = platform.options;
  return new Map((await examine({ loaded, env, probeSandboxes })).map((finding) => [finding.what, finding]));
}

describe('slipway doctor', () => {
  test('looks at the machine alone where there is no platform file, and says so', async () => {
    const found = await examine({ loaded: null, env: platform.options.env, probeSandboxes });
    expect(found.map(({ what }) => what)).toEqual([
      'node',
      'git',
      'python3 with pip',
      'temporal server',
      'sandbox',
      'disk',
      'platform file',
    ]);
    expect(found.at(-1)).toMatchObject({ state: 'warning', mend: expect.stringContaining('--config') });
  });

  test('misses git, pip and a Temporal server on an empty PATH, and changes nothing', async () => {
    const env = { PATH: platform.folder, HOME: platform.folder };
    const found = await examine({ loaded: null, env, probeSandboxes });
    const states = Object.fromEntries(found.map(({ what, state }) => [what, state]));
    expect(states).toMatchObject({ git: 'bad', 'python3 with pip': 'warning', 'temporal server': 'bad' });
  });

  test('says that nothing is up before slipway up', async () => {
    const found = await findings();
    expect(found.get('temporal')).toMatchObject({ state: 'bad', found: expect.stringContaining('Nothing is up') });
    expect(found.get('runtime')).toMatchObject({ state: 'bad', mend: expect.stringContaining('slipway up') });
    expect(found.get('store')).toMatchObject({ state: 'good' });
  });

  test('names what is missing on the server, and sees it mended', async () => {
    const { location, ui } = server.server;
    const { state } = pathsOf(platform.loaded);
    await mkdir(state, { recursive: true });
    await writeUpFile(state, { ...location, ui, pid: process.pid, environments: [] });
    const before = await findings();
    expect(before.get('temporal')).toMatchObject({ state: 'good' });
    expect(before.get('search attributes')).toMatchObject({
      state: 'bad',
      found: expect.stringContaining('SlipwayTarget'),
    });
    expect(before.get('worker builder')).toMatchObject({ state: 'bad', found: 'none polling' });
    expect([...before.keys()]).toEqual(
      expect.arrayContaining([
        'worker orchestrator (workflows)',
        'worker deployer-staging',
        'worker deployer-production',
      ]),
    );

    const connection = await connect(location);
    await registerSearchAttributes(connection, location.namespace);
    await connection.close();
    const native = await connectWorker(location);
    const builder = await Worker.create({
      connection: native,
      taskQueue: 'builder',
      activities: { build: async () => {} },
    });
    await builder.runUntil(async () => {
      await expect
        .poll(async () => (await findings()).get('worker builder'), { timeout: 10_000 })
        .toMatchObject({
          state: 'good',
          found: '1 polling',
        });
    });
    await native.close();
    expect((await findings()).get('search attributes')).toMatchObject({ state: 'good' });
  }, 30_000);

  test('finds secrets that everybody may read, and those that are not there', async () => {
    const { platform: file, folder } = platform.loaded;
    const [staging, production] = [file.environments['staging']!, file.environments['production']!];
    const environments = {
      staging: { ...staging, secrets: { folder: 'staging-secrets' } },
      production: { ...production, secrets: { folder: 'production-secrets' } },
    };
    const place = join(folder, 'staging-secrets');
    await mkdir(place, { mode: 0o700 });
    const see = async () => {
      const loaded = { ...platform.loaded, platform: { ...file, environments } };
      const found = await examine({ loaded, env: platform.options.env, probeSandboxes });
      return found.filter(({ what }) => what.startsWith('secrets of'));
    };
    expect(await see()).toMatchObject([{ state: 'good' }, { state: 'bad', what: 'secrets of production' }]);
    await chmod(place, 0o755);
    expect(await see()).toMatchObject([{ state: 'warning', mend: `chmod 700 ${place}` }, { state: 'bad' }]);
  });

  test('says of keys that up makes them, which role has none, and who else may read them', async () => {
    expect((await findings()).get('keys')).toMatchObject({ state: 'good', found: expect.stringContaining('made by') });
    expect((await findings()).get('workers apart')).toMatchObject({ state: 'good' });
    const { loaded, env } = platform.options;
    await createMissingKeys({ loaded, env, now: new Date() });
    expect((await findings()).get('keys')).toMatchObject({ state: 'good', found: expect.stringMatching(/^4 trusted/) });
    const { folder, trustFile } = keyFolderOf(loaded.folder, env);
    await rename(join(folder, 'builder-1.pem'), join(folder, 'away'));
    expect((await findings()).get('keys')).toMatchObject({
      state: 'warning',
      found: expect.stringMatching(/^builder cannot sign: the private half of builder-1/),
    });
    await chmod(join(folder, 'orchestrator-1.pem'), 0o644);
    expect((await findings()).get('keys')).toMatchObject({ state: 'bad', found: expect.stringMatching(/mode 0644$/) });
    await chmod(join(folder, 'orchestrator-1.pem'), 0o600);
    await writeFile(trustFile, 'keys: nonsense');
    expect((await findings()).get('keys')).toMatchObject({
      state: 'bad',
      found: expect.stringContaining('trust.yaml'),
    });
  });

  test('finds a store that is no folder', async () => {
    await mkdir(join(platform.folder, '.slipway'), { recursive: true });
    await writeFile(join(platform.folder, '.slipway', 'store'), '');
    expect((await findings()).get('store')).toMatchObject({
      state: 'bad',
      found: expect.stringContaining('no folder'),
    });
  });
});

test.each([
  ['18.20.0', 'bad'],
  ['20.18.9', 'bad'],
  ['20.19.0', 'good'],
  ['22.0.0', 'good'],
])('node %s is %s', (version, state) => {
  expect(checkNode(version).state).toBe(state);
});

test.each([
  ['auto', true, 'good'],
  ['auto', false, 'bad'],
  ['unshare', true, 'bad'],
  ['none', false, 'warning'],
] as const)('where the platform says sandbox: %s and whether bwrap works is %s, that is %s', (wanted, works, state) => {
  expect(checkSandboxes([{ kind: 'bwrap', works }], wanted).state).toBe(state);
});

test.each([
  ['auto', true, []],
  ['auto', false, ['production requires bwrap, and builds use unshare']],
  ['unshare', true, ['production requires bwrap, and builds use unshare']],
  ['none', true, ['qa requires unshare, and builds use none', 'production requires bwrap, and builds use none']],
])('what environments require, under sandbox: %s where bwrap works is %s, misses %j', (wanted, works, missed) => {
  const text = `apiVersion: slipway/v1
sources: [{ name: shop, url: ./shop }]
build: { sandbox: ${wanted} }
environments:
  staging: {}
  qa: { build: { require: { sandbox: unshare } } }
  production: { build: { require: { sandbox: bwrap } } }
`;
  const probes = [
    { kind: 'bwrap', works },
    { kind: 'unshare', works: true },
  ];
  const findings = checkRequiredSandboxes(probes, parsePlatform(Buffer.from(text)));
  expect(findings.map(({ found }) => found)).toEqual(missed);
});
