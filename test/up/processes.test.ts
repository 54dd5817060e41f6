import { expect, test } from 'vitest';
import { parsePlatform } from '../../src/config/load.ts';
import { runtimeProcess, withoutSecrets, workerProcesses } from '../../src/up/processes.ts';

const platform = parsePlatform(
  Buffer.from(`apiVersion: slipway/v1
store: { registry: https://registry.example/team, username: { env: STORE_USER }, password: { env: STORE_PASSWORD } }
sources: [{ name: shop, url: ./shop }]
webhooks:
  receivers:
    - { name: pager, url: https://hooks.example/slipway, secret: { env: PAGER_SECRET } }
    - { name: chat, url: { env: CHAT_URL }, form: slack }
signing: { builder: { env: BUILDER_KEY } }
environments:
  staging: { secrets: { variables: STAGING_ } }
  production:
    secrets: { variables: LIVE_ }
    prometheus: { url: https://prometheus.example, token: { env: PROMETHEUS_TOKEN }, queries: [{ name: errors, query: errors }] }
`),
);
const SECRETS = {
  PAGER_SECRET: 'a',
  CHAT_URL: 'b',
  PROMETHEUS_TOKEN: 'c',
  BUILDER_KEY: 'd',
  STAGING_SHOP_KEY: 'e',
  LIVE_SHOP_KEY: 'f',
  STORE_USER: 'g',
  STORE_PASSWORD: 'h',
};

const loaded = {
  platform,
  file: '/p/platform.yaml',
  folder: '/p',
  bytes: Buffer.alloc(0),
  digest: 'sha256:0',
} as const;
const hidden = { keys: '/keys', shown: null, files: [] };
const separation = { isApart: false, hidden: { fromWorkers: hidden, fromOthers: hidden } };
const env = { PATH: '/bin', ...SECRETS };
const STORE = ['STORE_USER', 'STORE_PASSWORD'];

test('each process is given the secrets that it uses, and no other’s; all are let into the store', () => {
  const workers = workerProcesses(loaded, env, '/dist', separation, () => 'key');
  const processes = [runtimeProcess(loaded, env, '/dist', separation), ...workers];
  const given = processes.map(({ name, env: its }) => [name, Object.keys(its).filter((key) => key in SECRETS)]);
  expect(Object.fromEntries(given)).toEqual({
    runtime: ['STAGING_SHOP_KEY', 'LIVE_SHOP_KEY', ...STORE],
    orchestrator: ['PAGER_SECRET', 'CHAT_URL', ...STORE],
    builder: STORE,
    'deployer-staging': STORE,
    'deployer-production': ['PROMETHEUS_TOKEN', ...STORE],
  });
  expect(processes.every(({ env: its }) => its['PATH'] === '/bin')).toBe(true);
});

test('a private key in a variable is left in no process’ environment: it is handed over', () => {
  const processes = workerProcesses(loaded, env, '/dist', separation, ({ role }) => `the key of ${role}`);
  expect(processes.map(({ handOver }) => handOver?.())).toEqual([
    'the key of orchestrator',
    'the key of builder',
    'the key of deployer',
    'the key of deployer',
  ]);
  expect(processes.filter(({ env: its }) => 'BUILDER_KEY' in its)).toEqual([]);
  expect(withoutSecrets(loaded, env)).toEqual({ PATH: '/bin' });
});

test('the runtime, which unpacks what is in the store, is given what lets it in there, and no secret else', () => {
  const { env: its } = runtimeProcess(loaded, env, '/dist', separation);
  expect(its).toEqual({ PATH: '/bin', STORE_USER: 'e', STORE_PASSWORD: 'f' });
});
