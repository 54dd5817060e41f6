import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/health/clock.ts';
import { createMetrics } from '../../src/health/prometheus.ts';
import { closedAddress } from './servers.ts';

/** The real program, where this machine has it (Debian's package `prometheus`). */
const PROGRAM = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'prometheus'))
  .find(isProgram);

/**
 * Series of its own, from rules: it takes the targets that it is to scrape only five seconds after it has started
 * (its discovery manager gathers for as long), and these after a tenth of one.
 */
const RULES = `
groups:
  - name: shop
    interval: 100ms
    rules:
      - { record: orders, expr: vector(8), labels: { job: storefront, env: staging } }
      - { record: orders, expr: vector(3), labels: { job: catalog, env: staging } }
`;

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(PROGRAM === undefined)('a real Prometheus', () => {
  let folder: string;
  let address: string;
  let program: ChildProcess;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
    address = await closedAddress();
    const { host } = new URL(address);
    await writeFile(join(folder, 'prometheus.yml'), `rule_files: [${folder}/rules.yml]\n`);
    await writeFile(join(folder, 'rules.yml'), RULES);
    const args = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`];
    program = spawn(PROGRAM ?? '', [...args, `--web.listen-address=${host}`, '--log.level=error'], { stdio: 'ignore' });
    await measured();
  });
  afterAll(async () => {
    const ended = new Promise((resolve) => program.once('exit', resolve));
    program.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });

  const ask = async (query: string) => {
    const metrics = createMetrics({
      prometheus: { url: address, queries: [{ name: 'query', query }] },
      values: { environment: 'staging', component: 'storefront', version: '1' },
      clock: systemClock,
      begun: systemClock.now(),
      resolveSecret: () => Promise.reject(new Error('there is no secret')),
    });
    try {
      const [sample] = await metrics.ask();
      return sample;
    } finally {
      await metrics.close();
    }
  };

  /** It is ready once both series have a value. */
  async function measured(): Promise<void> {
    while ((await ask('count(orders)'))?.value !== 2) {
      if (program.exitCode !== null) throw new Error(`prometheus ended with ${program.exitCode}`);
      await sleep(20);
    }
  }

  test.each<[string, number]>([
    ['orders{job="$component", env="$environment"}', 8],
    ['scalar(orders{job="$component"})', 8],
    ['sum(orders{job="catalog"}) / sum(orders)', 3 / 11],
    ['count(orders{job=~"^$component$"})', 1],
    ['vector(1e-9)', 1e-9],
  ])('answers %s with a number', async (query, value) => {
    expect(await ask(query)).toMatchObject({ value, detail: `answered ${value}` });
  });

  test.each([
    ['orders{job="$version"}', 'no series'],
    ['orders', '2 series, expected one: aggregate them'],
    ['sum(orders) / 0', '+Inf, expected a number'],
    ['-sum(orders) / 0', '-Inf, expected a number'],
    ['0 * sum(orders) / 0', 'NaN, expected a number'],
    ['scalar(orders)', 'NaN, expected a number'],
    ['orders[1m]', 'a matrix, expected one number'],
    ['"orders"', 'a string, expected one number'],
    [
      'label_replace(orders{job="$component"}, "job", "catalog", "", "")',
      'another series: job is "catalog", expected "storefront"',
    ],
  ])('answers %s with no number', async (query, detail) => {
    expect(await ask(query)).toMatchObject({ value: null, detail });
  });

  test('answers what is no PromQL with an error', async () => {
    expect(await ask('sum(')).toMatchObject({
      value: null,
      detail: expect.stringMatching(/^answered 400, bad_data: .*parse error/),
    });
  });
});
