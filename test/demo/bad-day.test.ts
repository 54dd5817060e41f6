import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeUnpacked } from '../../src/artifacts/unpack.ts';
import type { DeploymentRecord } from '../../src/contract/record.ts';
import type { DemoOutcome } from '../../src/demo/outcome.ts';
import { readStory } from '../../src/demo/story.ts';
import { identify } from '../../src/process.ts';
import { instancesLeft, startedBy, tellDemo } from './running.ts';

const story = await readStory('bad-day');

let folder: string;
let outcome: DemoOutcome;
let told: string;
let exitCode: number | null;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-bad-day-'));
  ({ outcome, told, exitCode } = await tellDemo(folder, '--story', 'bad-day'));
}, 300_000);
afterAll(() => removeUnpacked(folder));

function record(deploymentId: string): DeploymentRecord {
  const found = outcome.records.find((each) => each.deploymentId === deploymentId);
  if (found === undefined) throw new Error(`no record of ${deploymentId}; told was:\n${told}`);
  return found;
}

describe('slipway demo --story bad-day', () => {
  test('ends as the story says', () => {
    expect({ exitCode, told }).toMatchObject({ exitCode: 0 });
  });

  test('ends each of the eight bad releases as the contract says, and one of them after its completion', () => {
    const seen = outcome.records.map(({ deploymentId, result, failure, rollback }) =>
      [deploymentId, result, failure?.code, rollback?.trigger, rollback?.outcome].filter((part) => part !== undefined),
    );
    expect(seen).toEqual([
      ['shop/catalog/1', 'completed'],
      ['shop/storefront/1', 'completed'],
      ['shop/storefront/2', 'failed', 'INSTANCE_NEVER_READY'],
      ['shop/storefront/3', 'rolled-back', 'HEALTH_DEGRADED', 'HEALTH_DEGRADED', 'restored'],
      ['shop/storefront/4', 'rolled-back', 'HEALTH_DEGRADED', 'HEALTH_DEGRADED', 'restored'],
      ['shop/storefront/5', 'rolled-back', 'SMOKE_FAILED', 'SMOKE_FAILED', 'restored'],
      ['shop/storefront/6', 'rolled-back', 'HEALTH_DEGRADED', 'HEALTH_DEGRADED', 'restored'],
      ['shop/storefront/7', 'rolled-back', 'DEFINITION_OF_DONE_VIOLATED', 'DEFINITION_OF_DONE_VIOLATED', 'restored'],
      ['shop/storefront/8', 'completed'],
      ['shop/storefront/9', 'completed'],
      ['workshop/restock/1', 'completed'],
      ['workshop/restock/2', 'rolled-back', 'SMOKE_FAILED', 'SMOKE_FAILED', 'late'],
    ]);
  });

  test('leaves a record of each deployment that the checker finds VALID', () => {
    const ids = outcome.records.map(({ deploymentId }) => deploymentId);
    expect(outcome.verified).toEqual(Object.fromEntries(ids.map((id) => [id, 'VALID'])));
  });

  test.each([
    ['shop/storefront/2', /not ready within run\.startWithin/],
    ['shop/storefront/3', /instance \w+\S* died/],
    ['shop/storefront/4', /longer than the p95 of 300ms|slower for users|slow tail for users/],
    ['shop/storefront/5', /"shows the catalog".*answered 200.*expected 200 that includes "Morning mug"/],
    ['shop/storefront/6', /\d of \d+ answers to .* were errors, and at most 2% may be/],
    ['shop/storefront/7', /"somebody answers for it"/],
    ['workshop/restock/2', /"the ledger adds up".*nobody knows how many are on order/],
  ])('%s says what was wrong with it', (deploymentId, said) => {
    expect(record(deploymentId).failure?.message).toMatch(said);
  });

  test('never switches to the one that is never ready', () => {
    const { stages, rollback } = record('shop/storefront/2');
    expect(stages.at(-1)).toMatchObject({ stage: 'deploy', result: 'failed' });
    expect(rollback).toBeNull();
  });

  test('goes back to the first storefront each time, within its bound', () => {
    const good = record('shop/storefront/1').artifact;
    for (const n of [3, 4, 5, 6, 7]) {
      const { rollback } = record(`shop/storefront/${n}`);
      expect(rollback).toMatchObject({ to: good, within: 10_000, breachedAt: null });
    }
  });

  test('takes back by itself the one that got worse after its completion', () => {
    const { requestId, change, artifact, from } = record('shop/storefront/9');
    expect(requestId).toBe('watch:shop/storefront/8');
    expect(change).toMatchObject({
      requestedBy: 'slipway',
      reason: expect.stringMatching(/^HEALTH_DEGRADED: .*errors/),
    });
    expect(from).toEqual(record('shop/storefront/8').artifact);
    expect(artifact).toEqual(record('shop/storefront/1').artifact);
  });

  test('says at once that a rollback is past its bound, and goes on until the old version is back', () => {
    const { rollback } = record('workshop/restock/2');
    const since = (time: string | null | undefined) => Date.parse(time ?? '') - Date.parse(rollback?.startedAt ?? '');
    expect(rollback?.within).toBe(3_000);
    expect(since(rollback?.breachedAt)).toBeGreaterThanOrEqual(3_000);
    expect(since(rollback?.restoredAt)).toBeGreaterThan(since(rollback?.breachedAt));
    expect(rollback?.to).toEqual(record('workshop/restock/1').artifact);
    const lines = told.split('\n').map((line) => line.trim());
    const breach = lines.findIndex((line) => line.startsWith('! ROLLBACK_BREACHED not back within 3.0 s'));
    expect(breach).toBeGreaterThan(0);
    expect(lines[breach + 1]).toMatch(/^↩ rollback .* late: 3\.0 s were declared$/);
  });

  test('fails no request but while something bad was live, and then few', () => {
    expect(outcome.requestsByStep.map(({ step }) => step)).toEqual(story.steps.map(({ title }) => title));
    const failed = outcome.requestsByStep.filter((step) => step.failed > 0);
    expect(failed.filter(({ mayFail }) => !mayFail)).toEqual([]);
    expect(outcome.requests.failed).toBe(failed.reduce((sum, step) => sum + step.failed, 0));
    expect(outcome.requests.failed).toBeLessThan(outcome.requests.sent / 5);
  });

  test('loses few to the release that dies: about a second of them', () => {
    const dying = outcome.requestsByStep.find(({ step }) => step.includes('dies'));
    expect(dying?.sent).toBeGreaterThan(0);
    expect(dying?.failed).toBeLessThan(40);
  });

  test('does not touch the instance folder of the agent', () => {
    expect(outcome.instancesUnchanged).toBe(true);
  });

  test('leaves nothing running', () => {
    expect(startedBy(told)).toHaveLength(6);
    expect(startedBy(told).map(identify)).toEqual(startedBy(told).map(() => null));
    expect(instancesLeft(folder)).toEqual([]);
  });
});
