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
    // It scrapes itself: that is all that it knows.
    const config = `
global: { scrape_interval: 100ms, scrape_timeout: 100ms }
scrape_configs:
  - { job_name: storefront, static_configs: [{ targets: ['${host}'], labels: { env: staging } }] }
`;
    await writeFile(join(folder, 'prometheus.yml'), config);
    const args = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`];
    program = spawn(PROGRAM ?? '', [...args, `--web.listen-address=${host}`, '--log.level=error'], { stdio: 'ignore' });
    await scraped();
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

  /** It is ready once it has seen itself. */
  async function scraped(): Promise<void> {
    while ((await ask('up'))?.value !== 1) {
      if (program.exitCode !== null) throw new Error(`prometheus ended with ${program.exitCode}`);
      await sleep(20);
    }
  }

  test.each<[string, number]>([
    ['up{job="$component", env="$environment"}', 1],
    ['scalar(up)', 1],
    ['sum(up{job="$component"}) / 4', 0.25],
    ['count(up{job=~"^$component$"})', 1],
    ['vector(1e-9)', 1e-9],
  ])('answers %s with a number', async (query, value) => {
    expect(await ask(query)).toMatchObject({ value, detail: `answered ${value}` });
  });

  test.each([
    ['up{job="catalog"}', 'no series'],
    ['up / 0', '+Inf, expected a number'],
    ['-up / 0', '-Inf, expected a number'],
    ['0 * up / 0', 'NaN, expected a number'],
    ['scalar(none)', 'NaN, expected a number'],
    ['up[1m]', 'a matrix, expected one number'],
    ['"up"', 'a string, expected one number'],
    [
      'label_replace(up{job="$component"}, "job", "catalog", "", "")',
      'another series: job is "catalog", expected "storefront"',
    ],
  ])('answers %s with no number', async (query, detail) => {
    expect(await ask(query)).toMatchObject({ value: null, detail });
  });

  test('answers with several series, and with an error, and neither is a number', async () => {
    expect(await ask('{__name__=~"go_.*"}')).toMatchObject({
      value: null,
      detail: expect.stringMatching(/^\d+ series, /),
    });
    expect(await ask('sum(')).toMatchObject({
      value: null,
      detail: expect.stringMatching(/^answered 400, bad_data: .*parse error/),
    });
  });
});
