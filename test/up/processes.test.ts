import { expect, test } from 'vitest';
import { parsePlatform } from '../../src/config/load.ts';
import { workerProcesses } from '../../src/up/processes.ts';

const platform = parsePlatform(
  Buffer.from(`apiVersion: slipway/v1
sources: [{ name: shop, url: ./shop }]
webhooks:
  receivers:
    - { name: pager, url: https://hooks.example/slipway, secret: { env: PAGER_SECRET } }
    - { name: chat, url: { env: CHAT_URL }, form: slack }
environments:
  staging: {}
  production:
    prometheus: { url: https://prometheus.example, token: { env: PROMETHEUS_TOKEN }, queries: [{ name: errors, query: errors }] }
`),
);
const SECRETS = { PAGER_SECRET: 'a', CHAT_URL: 'b', PROMETHEUS_TOKEN: 'c' };

test('each worker is given the secrets that it uses, and no other’s; the builder has none', () => {
  const loaded = {
    platform,
    file: '/p/platform.yaml',
    folder: '/p',
    bytes: Buffer.alloc(0),
    digest: 'sha256:0',
  } as const;
  const processes = workerProcesses(loaded, { PATH: '/bin', ...SECRETS }, '/dist');
  const given = processes.map(({ name, env }) => [name, Object.keys(env).filter((key) => key in SECRETS)]);
  expect(Object.fromEntries(given)).toEqual({
    orchestrator: ['PAGER_SECRET', 'CHAT_URL'],
    builder: [],
    'deployer-staging': [],
    'deployer-production': ['PROMETHEUS_TOKEN'],
  });
  expect(processes.every(({ env }) => env['PATH'] === '/bin')).toBe(true);
});
