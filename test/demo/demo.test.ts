import { once } from 'node:events';
import { access, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { removeUnpacked } from '../../src/artifacts/unpack.ts';
import type { DemoOutcome } from '../../src/demo/outcome.ts';
import { identify } from '../../src/process.ts';
import { canary, filesWith, holds } from '../pipeline/canary.ts';
import { instancesLeft, startDemo, startedBy, tellDemo } from './running.ts';

/** A secret of whoever runs the demo, in his environment. */
const SECRET = canary();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-demo-'));
});
afterAll(() => removeUnpacked(folder));

describe('slipway demo', () => {
  let outcome: DemoOutcome;
  let told: string;
  let exitCode: number | null;
  let privateKeys: readonly string[];
  beforeAll(async () => {
    vi.stubEnv('SHOP_API_TOKEN', SECRET);
    ({ outcome, told, exitCode, privateKeys } = await tellDemo(folder));
    vi.unstubAllEnvs();
  }, 180_000);

  test('ends well, with one document and nothing else on stdout', () => {
    expect(exitCode).toBe(0);
    expect(Object.keys(outcome)).toEqual([
      'records',
      'requests',
      'requestsByStep',
      'verified',
      'signedBy',
      'instancesUnchanged',
    ]);
  });

  test('deploys the three, takes the third storefront back, and turns the undocumented commit away', () => {
    expect(
      outcome.records.map(({ deploymentId, result, failure }) => [deploymentId, result, failure?.code ?? null]),
    ).toEqual([
      ['staging/catalog/1', 'completed', null],
      ['staging/storefront/1', 'completed', null],
      ['staging/restock/1', 'completed', null],
      ['staging/restock/2', 'completed', null],
      ['staging/storefront/2', 'completed', null],
      ['staging/storefront/3', 'rolled-back', 'SMOKE_FAILED'],
      ['staging/storefront/4', 'rejected', 'UNDOCUMENTED_CHANGE'],
    ]);
  });

  test('goes back to the second storefront, in time', () => {
    const [second, third] = ['staging/storefront/2', 'staging/storefront/3'].map((id) =>
      outcome.records.find(({ deploymentId }) => deploymentId === id),
    );
    expect(third?.rollback).toMatchObject({ to: second?.artifact, outcome: 'restored' });
    expect(third?.stages.map(({ stage, result }) => `${stage} ${result}`).slice(-2)).toEqual([
      'deploy passed',
      'post-deploy-verification failed',
    ]);
  });

  test('loses not one request', () => {
    expect(outcome.requests.failed).toBe(0);
    expect(outcome.requests.sent).toBeGreaterThan(50);
  });

  test('leaves a record of each deployment that the checker finds VALID', () => {
    const ids = outcome.records.map(({ deploymentId }) => deploymentId);
    expect(outcome.verified).toEqual(Object.fromEntries(ids.map((id) => [id, 'VALID'])));
  });

  test('does not touch the instance folder of the agent', () => {
    expect(outcome.instancesUnchanged).toBe(true);
  });

  test('tells people which server it took, every step, and where the Temporal UI is', () => {
    expect(told).toMatch(/^ {2}Temporal: /m);
    expect(told).toMatch(/^8\/8 .*turned away$/m);
    expect(told).toMatch(/ada resumes staging\/storefront: The catalog does not give delivery dates yet/);
    expect(told).toMatch(/VALID\s+signed by orchestrator-1/);
    expect(told).toMatch(/^Temporal UI\n {2}http:\/\/127\.0\.0\.1:\d+/m);
  });

  test('tells nothing that Node has to warn of', () => {
    expect(told).not.toMatch(/Warning:/);
  });

  test('tells and keeps no secret: none of its environment, and none of its private keys', async () => {
    expect(privateKeys).toHaveLength(3);
    const secrets = [SECRET, ...privateKeys, 'PRIVATE KEY'];
    expect(secrets.filter((secret) => holds([secret], told + JSON.stringify(outcome)))).toEqual([]);
    // Its store, logs, histories, repository and instances. The keys are gone with it.
    expect((await readdir(join(folder, '.slipway', 'demo', '.slipway'))).toSorted()).toContain('store');
    expect(await filesWith(secrets, folder)).toEqual([]);
  });

  test('leaves nothing running', () => {
    expect(startedBy(told)).toHaveLength(5);
    expect(startedBy(told).map(identify)).toEqual(startedBy(told).map(() => null));
    expect(instancesLeft(folder)).toEqual([]);
  });
});

test('Ctrl-C in the middle of a deployment stops everything, however often it is pressed', async () => {
  const demo = startDemo(folder);
  let told = '';
  demo.stdout!.on('data', (chunk: Buffer) => (told += chunk.toString()));
  await expect.poll(() => told, { timeout: 60_000, interval: 20 }).toMatch(/^2\/8/m);
  expect(startedBy(told).map(identify)).not.toContain(null);
  const exit = once(demo, 'exit');
  demo.kill('SIGINT');
  setTimeout(() => demo.kill('SIGINT'), 300);
  expect(await exit).toEqual([1, null]);
  expect(startedBy(told).map(identify)).toEqual(startedBy(told).map(() => null));
  expect(instancesLeft(folder)).toEqual([]);
}, 90_000);

test('a story that does not exist is bad usage, and begins nothing', async () => {
  await removeUnpacked(join(folder, '.slipway'));
  const demo = startDemo(folder, '--story', 'second-week');
  const [said, [exitCode]] = await Promise.all([text(demo.stderr!), once(demo, 'exit')]);
  expect(exitCode).toBe(2);
  expect(said).toMatch(/second-week.*first-week/);
  await expect(access(join(folder, '.slipway'))).rejects.toMatchObject({ code: 'ENOENT' });
});
