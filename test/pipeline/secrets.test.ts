import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeploymentRecord } from '../../src/contract/record.ts';
import { canary, filesWith, historiesWith, holds, privateKeysIn, watchArguments } from './canary.ts';
import { openPlatform, type OpenPlatform } from './setting.ts';
import { manifestWith } from './shop.ts';

const [KEPT, GIVEN, TOKEN] = [canary(), canary(), canary()];
const WEBHOOK = `whsec_${randomBytes(32).toString('base64')}`;
const CANARIES = [KEPT, GIVEN, TOKEN, WEBHOOK];
/** Not one of ours: what a component's author leaves in his code. */
const LEFT = `ghp_${randomBytes(18).toString('hex')}`;

const platformAt = (prometheus: string): string => `apiVersion: slipway/v1
sources: [{ name: shop, url: ./shop }]
build: { timeout: 20s }
webhooks:
  allowPrivate: true
  receivers: [{ name: pager, url: "http://127.0.0.1:4/", secret: { env: PAGER_SECRET } }]
environments:
  staging:
    soak: { for: 300ms, samples: 3 }
    afterRollback: continue
    secrets: { folder: ./kept/staging }
    prometheus: { url: "${prometheus}", token: { env: PROMETHEUS_TOKEN }, queries: [{ name: errors, query: errors }] }
  live:
    soak: { for: 300ms, samples: 3 }
    secrets: { variables: LIVE_ }
`;

/** Shows that it has the secret, and not what it is; does as it is told at the start. */
const serverDoing = (atStart = ''): string => `import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const key = process.env.KEY;
const read = (path) => { try { return readFileSync(path) && 'was read'; } catch (error) { return error.code; } };
if (!key.startsWith('slipway-secret-placeholder:')) { ${atStart} }
const answer = (url) => (url.startsWith('/read') ? read(url.slice(5)) : createHash('sha256').update(key).digest('hex'));
createServer((request, response) => response.end('web ' + answer(request.url)))
  .listen(Number(process.env.PORT), '127.0.0.1');
`;
const PRINT = `for (const all of [key, encodeURIComponent(key), Buffer.from(key).toString('hex'), ...['', 'a', 'ab'].map((before) =>
  Buffer.from(before + key).toString('base64'))]) console.error(all);`;
/** Says all that a sandbox shows of the environments around it, and fails. */
const TELL = `const fs = require('node:fs');
for (const pid of fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)))
  try { console.log(pid, fs.readFileSync('/proc/' + pid + '/environ', 'latin1')); } catch {}
console.log('told', JSON.stringify(process.env)); process.exit(1);`;

/** Ends with 3 when a sandbox shows a secret in the environments around it, else with 1: nothing that it says is quoted. */
const SEEK = `const fs = require('node:fs'), { createHash } = require('node:crypto');
const all = [...Object.values(process.env)];
for (const pid of fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)))
  try { all.push(...fs.readFileSync('/proc/' + pid + '/environ', 'latin1').split('\\0').map((each) => each.replace(/^[^=]*=/, ''))); } catch {}
const found = all.some((each) => ['HASHES'].includes(createHash('sha256').update(each).digest('hex')));
console.log('told', JSON.stringify(process.env)); process.exit(found ? 3 : 1);`;

const asking = (secret: string): string =>
  `{ command: [node, server.mjs], startWithin: 5s, env: { KEY: { secret: ${secret} } } }`;
const hashOf = (value: string): string => createHash('sha256').update(value).digest('hex');

let prometheus: Server;
let platform: OpenPlatform;
let argumentsSeen: () => Promise<string>;
const bearers = new Set<string | undefined>();
beforeAll(async () => {
  prometheus = createServer((request, response) => {
    bearers.add(request.headers.authorization);
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [1, '0'] } }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => prometheus.once('listening', resolve));
  argumentsSeen = watchArguments();
  platform = await openPlatform({
    platform: platformAt(`http://127.0.0.1:${(prometheus.address() as AddressInfo).port}`),
    variables: { PAGER_SECRET: WEBHOOK, PROMETHEUS_TOKEN: TOKEN, LIVE_WEB_KEY: GIVEN },
    files: { 'kept/staging/web/key': `${KEPT}\n` },
  });
});
afterAll(async () => {
  await platform?.close();
  prometheus?.close();
});

/** All that was said to whoever ordered. */
const said: DeploymentRecord[] = [];
async function deploy(target: string, version: { change: string; revision: string }): Promise<DeploymentRecord> {
  const order = { ...version, target, source: 'shop', by: 'ada' };
  const record = await platform.slipway.follow(await platform.slipway.deploy(order));
  said.push(record);
  return record;
}

async function pageOf(target: string, path = '/'): Promise<string> {
  const [environment = '', component = ''] = target.split('/');
  const { address } = await platform.observer.observe({ environment, component });
  return await (await fetch(`${address}${path}`)).text();
}

describe.sequential('secrets', () => {
  test('reach the instances that ask for them, from a folder and from variables, and serve what the platform needs', async () => {
    const run = asking('web/key');
    const good = platform.shop.version({ text: 'one', server: serverDoing(), manifest: manifestWith({ run }) });
    const records = await Promise.all(['staging/web', 'live/web'].map((target) => deploy(target, good)));
    expect(records.map(({ result, failure }) => ({ result, failure }))).toEqual(
      records.map(() => ({ result: 'completed', failure: null })),
    );
    expect(await pageOf('staging/web')).toBe(`web ${hashOf(KEPT)}`);
    expect(await pageOf('live/web')).toBe(`web ${hashOf(GIVEN)}`);
    const kept = join(platform.folder, 'kept/staging/web/key');
    expect(await pageOf('staging/web', `/read${kept}`)).toBe('web ENOENT');
    expect([...bearers]).toEqual([`Bearer ${TOKEN}`]);
  });

  test('are not there for a build, a smoke test, or an instance whose last words are quoted, and a missing one stops a deployment', async () => {
    const { shop } = platform;
    const run = asking('web/key');
    const one = { text: 'one', server: serverDoing() };
    const seek = SEEK.replace("'HASHES'", CANARIES.map((canary) => `'${hashOf(canary)}'`).join(', '));
    const smoke = `[{ name: tells all, command: [node, -e, ${JSON.stringify(seek)}], at: [live] }]`;
    const tells = shop.version({ ...one, manifest: manifestWith({ run, smoke }) });
    const builds = shop.version({
      ...one,
      manifest: manifestWith({ run, build: '{ command: [node, build.cjs], output: dist }' }),
      build: '',
    });
    shop.write('web/build.cjs', TELL);
    const building = { ...builds, revision: shop.commit(`Build\n\nChange: ${builds.change}`) };
    shop.remove('web/build.cjs');
    const dies = shop.version({
      ...one,
      server: serverDoing(`${PRINT} process.exit(1);`),
      manifest: manifestWith({ run }),
    });
    const lacks = shop.version({ ...one, manifest: manifestWith({ run: asking('web/none') }) });
    const leaves = `const token = "${LEFT}";\n${serverDoing()}`;
    const left = shop.version({ text: 'left', server: leaves, manifest: manifestWith({ run }) });

    const [lacking] = await Promise.all([
      deploy('live/web', lacks),
      (async () => {
        for (const version of [tells, building, dies, left]) await deploy('staging/web', version);
      })(),
    ]);
    expect(lacking).toMatchObject({
      result: 'failed',
      failure: {
        code: 'SECRET_MISSING',
        stage: 'deploy',
        message: 'run.env asks for the secret web/none of live, looked for at the variable LIVE_WEB_NONE; put it there',
      },
    });
    const [told, built, died, refused] = said.filter(({ target }) => target === 'staging/web').slice(1);
    expect(told).toMatchObject({ result: 'rolled-back', failure: { code: 'SMOKE_FAILED' } });
    // Nothing is quoted of what speaks with an instance that has a secret.
    expect(told?.failure?.message).toMatch(/ended with 1; expected 0/);
    expect(built).toMatchObject({ result: 'failed', failure: { code: 'BUILD_FAILED' } });
    expect(built?.failure?.message).toMatch(/told \{/);
    expect(died).toMatchObject({ result: 'failed', failure: { code: 'INSTANCE_DIED', stage: 'deploy' } });
    expect(died?.failure?.message.match(/\[secret web\/key\]/g)).toHaveLength(6);
    expect(refused).toMatchObject({ result: 'failed', failure: { code: 'VERIFICATION_FAILED' } });
    expect(refused?.failure?.message).toMatch(/^server\.mjs:1: found what looks like a secret \(rule github\)/);
    expect(await pageOf('staging/web')).toBe(`web ${hashOf(KEPT)}`);
    expect(await pageOf('live/web')).toBe(`web ${hashOf(GIVEN)}`);
  });

  test('are nowhere else: not in Temporal, logs, store, state, records, arguments, or the environment of another process', async () => {
    const { folder, paths, client, running } = platform;
    const ownLogs = join(paths.state, 'runtime', 'logs');
    // What is looked for would be found: where they lie, and where an instance printed one.
    expect(await filesWith(CANARIES, join(folder, 'kept'))).toHaveLength(1);
    expect(await filesWith(CANARIES, ownLogs)).toHaveLength(1);
    // Of a person's secrets, and of the keys that `up` made: one for each worker.
    const keyFolder = join(folder, 'keys');
    const keys = await privateKeysIn(keyFolder);
    expect([keys.length, (await filesWith(keys, keyFolder)).length]).toEqual([4, 4]);
    const exempt = [join(folder, 'kept'), ownLogs, keyFolder];
    expect(await filesWith([...CANARIES, ...keys], folder, (file) => exempt.some((at) => file.startsWith(at)))).toEqual(
      [],
    );

    const everything = [...CANARIES, LEFT, ...keys];
    const histories = await historiesWith(everything, client);
    expect(histories).toEqual({ looked: expect.any(Number), found: [] });
    expect(histories.looked).toBeGreaterThan(said.length);
    const spoken = await Promise.all([['status'], ['history', 'staging/web']].map((command) => slipway(...command)));
    expect(spoken.map((text) => text.length > 20)).toEqual(spoken.map(() => true));
    expect(holds(everything, JSON.stringify(said) + spoken.join('\n'))).toBe(false);
    expect(holds(everything, await argumentsSeen())).toBe(false);
    for (const [name, pid] of running.pids()) {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1');
      const own = { runtime: [GIVEN], orchestrator: [WEBHOOK], 'deployer-staging': [TOKEN] }[name] ?? [];
      expect([name, [...CANARIES, ...keys].filter((value) => holds([value], environment))]).toEqual([name, own]);
    }
  });
});

async function slipway(...args: readonly string[]): Promise<string> {
  const program = join(import.meta.dirname, '..', '..', 'bin', 'slipway.js');
  const all = [program, ...args, '--json', '--config', join(platform.folder, 'platform.yaml')];
  const env = { PATH: process.env['PATH'], SLIPWAY_KEYS: join(platform.folder, 'keys') };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, all, { env });
  return stdout + stderr;
}
