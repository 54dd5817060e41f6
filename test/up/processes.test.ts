import { expect, test } from 'vitest';
import { parsePlatform } from '../../src/config/load.ts';
import { runtimeProcess, withoutSecrets, workerProcesses } from '../../src/up/processes.ts';

const platform = parsePlatform(
  Buffer.from(`apiVersion: slipway/v1
sources: [{ name: shop, url: ./shop }]
webhooks:
  receivers:
    - { name: pager, url: https://hooks.example/slipway, secret: { env: PAGER_SECRET } }
    - { name: chat, url: { env: CHAT_URL }, form: slack }
environments:
  staging: { secrets: { variables: STAGING_ } }
  production:
    secrets: { variables: LIVE_ }
    prometheus: { url: https://prometheus.example, token: { env: PROMETHEUS_TOKEN }, queries: [{ name: errors, query: errors }] }
`),
);
const SECRETS = { PAGER_SECRET: 'a', CHAT_URL: 'b', PROMETHEUS_TOKEN: 'c', STAGING_SHOP_KEY: 'd', LIVE_SHOP_KEY: 'e' };

const ENV = { PATH: '/bin', ...SECRETS };

test('each process is given the secrets that it uses, and no other’s; the builder and the server have none', () => {
  const loaded = {
    platform,
    file: '/p/platform.yaml',
    folder: '/p',
    bytes: Buffer.alloc(0),
    digest: 'sha256:0',
  } as const;
  const processes = [runtimeProcess(loaded, ENV, '/dist'), ...workerProcesses(loaded, ENV, '/dist')];
  const given = processes.map(({ name, env }) => [name, Object.keys(env).filter((key) => key in SECRETS)]);
  expect(Object.fromEntries(given)).toEqual({
    runtime: ['STAGING_SHOP_KEY', 'LIVE_SHOP_KEY'],
    orchestrator: ['PAGER_SECRET', 'CHAT_URL'],
    builder: [],
    'deployer-staging': [],
    'deployer-production': ['PROMETHEUS_TOKEN'],
  });
  expect(processes.every(({ env }) => env['PATH'] === '/bin')).toBe(true);
  expect(withoutSecrets(loaded, ENV)).toEqual({ PATH: '/bin' });
});
