import { afterEach, expect, test, vi } from 'vitest';
import { parsePlatform } from '../../src/config/load.ts';
import { plainLocation } from '../../src/temporal/location.ts';
import { runtimeProcess, serverProcess, withoutSecrets, workerProcesses } from '../../src/up/processes.ts';

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

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  ['root', 0],
  ['an ordinary user', 1000],
])('where processes can be kept apart, each runs where keys are hidden, run by %s', (_, uid) => {
  vi.spyOn(process, 'getuid').mockReturnValue(uid);
  const fromWorkers = { keys: '/keys', shown: '/keys/p/public', files: ['/builder.pem'] };
  const fromOthers = { ...fromWorkers, shown: null };
  const apart = { isApart: true, hidden: { fromWorkers, fromOthers } };
  const location = plainLocation('127.0.0.1:7233');
  const processes = [
    serverProcess({ command: 'temporal', args: [], location, ui: 'http://127.0.0.1:8233' }, env, apart),
    runtimeProcess(loaded, env, '/dist', apart),
    ...workerProcesses(loaded, env, '/dist', apart, () => 'key'),
  ];
  const worker = { apartness: 'namespaces', hidden: fromWorkers };
  expect(Object.fromEntries(processes.map(({ name, place }) => [name, place]))).toEqual({
    temporal: { apartness: 'namespaces', hidden: fromOthers },
    // Only root can give it mounts of its own without a user namespace, in which it would not find its instances again.
    runtime: uid === 0 ? { apartness: 'mounts', hidden: fromOthers } : undefined,
    orchestrator: worker,
    builder: worker,
    'deployer-staging': worker,
    'deployer-production': worker,
  });
});

test('where they cannot, and need not, none is', () => {
  const processes = [
    runtimeProcess(loaded, env, '/dist', separation),
    ...workerProcesses(loaded, env, '/dist', separation, () => 'key'),
  ];
  expect(processes.filter(({ place }) => place !== undefined)).toEqual([]);
});
