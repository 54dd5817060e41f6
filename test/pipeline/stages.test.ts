import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSealedBlob } from '../../src/artifacts/sealed.ts';
import { STAGES } from '../../src/contract/stages.ts';
import { readEvidence } from '../../src/records/evidence.ts';
import { nameOf } from '../../src/records/names.ts';
import { statementsIn } from '../docs/documents.ts';
import { faultsOfForm } from '../docs/forms.ts';
import { manifestWith } from './shop.ts';
import { openPlatform, TARGET, until, type OpenPlatform } from './setting.ts';

const SOAKING = `apiVersion: slipway/v1
sources: [{ name: shop, url: ./shop, branches: [main] }]
environments:
  staging: { soak: { for: 500ms, samples: 3 }, rollbackWithin: 20s, afterRollback: continue }
`;
const SLOW_BUILD = `import { cpSync, mkdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
await setTimeout(20000);
mkdirSync('dist');
cpSync('server.mjs', 'dist/server.mjs');
`;
const ADA = { by: 'ada', reason: 'changed my mind' };

let platform: OpenPlatform;
beforeAll(async () => {
  platform = await openPlatform({ platform: SOAKING });
});
afterAll(() => platform?.close());

describe.sequential('a change', () => {
  test('goes through all seven stages and is live at the stable address', async () => {
    const record = await platform.deploy(platform.shop.version({ text: 'one' }));
    expect(record).toMatchObject({
      result: 'completed',
      failure: null,
      rollback: null,
      from: null,
      previousRecord: null,
    });
    expect(record.stages.map(({ stage, result }) => [stage, result])).toEqual(STAGES.map((stage) => [stage, 'passed']));
    expect(record.change).toMatchObject({
      id: 'CHG-1',
      requestedBy: 'ada',
      carries: ['CHG-1'],
      reason: 'a test wants it',
    });
    expect(await platform.page()).toBe('web one');
    expect(await platform.verify('staging/web/1')).toMatchObject({ verdict: 'VALID' });
  });

  test('is found by operators with the search attributes of the Temporal UI', async () => {
    const query = `SlipwayTarget = '${TARGET}' AND SlipwayResult = 'completed' AND SlipwayChange = 'CHG-1' AND SlipwayStage = 'completion'`;
    const found = await until(async () => (await platform.client.workflow.count(query)).count || null);
    expect(found).toBe(1);
  });

  test('leaves its history in the store, for replay when Temporal has forgotten it', async () => {
    await platform.settled();
    const bytes = await readSealedBlob(platform.artifacts.component('web'), nameOf.history('staging/web/1'));
    const { events } = JSON.parse(gunzipSync(bytes ?? Buffer.alloc(0)).toString()) as {
      events: { eventType: string }[];
    };
    expect(events.at(-1)?.eventType).toBe('EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED');
    const activities = events.filter(({ eventType }) => eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED');
    expect(activities).toHaveLength(STAGES.length);
  });

  test('sent twice under one request id is one deployment and one answer; with other content it is refused', async () => {
    const version = platform.shop.version({ text: 'two' });
    const [first, second] = await Promise.all([platform.order(version, 'twice'), platform.order(version, 'twice')]);
    expect(second).toEqual(first);
    const record = await platform.slipway.follow(first);
    expect(record).toMatchObject({ deploymentId: 'staging/web/2', result: 'completed' });
    expect(await platform.order(version, 'twice')).toMatchObject({ deploymentId: 'staging/web/2', position: 0 });
    await expect(platform.order({ ...version, change: 'CHG-1' }, 'twice')).rejects.toMatchObject({
      code: 'REQUEST_ID_REUSED',
    });
    expect(await platform.slipway.lane(TARGET)).toMatchObject({ n: 2, queue: [] });
  });

  test('deployed again is adopted, not rebuilt, and its evidence says so', async () => {
    const before = await platform.slipway.deployment('staging/web/2');
    const again = { change: before.change.id, revision: before.source?.revision ?? '' };
    const record = await platform.deploy(again);
    expect(record).toMatchObject({ result: 'completed', artifact: before.artifact });
    const evidence = await readEvidence(platform.artifacts.component('web'), record.deploymentId ?? '', 'build');
    expect(evidence?.predicate.findings).toMatchObject({ adopted: true, release: before.artifact });
    expect(evidence?.predicate.findings?.builds[0]).toMatch(/^sha256:/);
  });

  test('older than what is live is refused: the way back is a rollback', async () => {
    const first = await platform.slipway.deployment('staging/web/1');
    const record = await platform.deploy({ change: 'CHG-1', revision: first.source?.revision ?? '' });
    expect(record).toMatchObject({ result: 'rejected', failure: { code: 'OLDER_THAN_LIVE', clause: '§2' } });
  });
});

describe.sequential('an abort', () => {
  test('during the build ends at once: nothing was changed, and nothing is restored', async () => {
    const version = platform.shop.version({ text: 'slow', build: SLOW_BUILD });
    const submission = await platform.order(version);
    const id = submission.deploymentId ?? '';
    await until(async () => (await platform.slipway.deployment(id)).stages.at(-1)?.stage === 'build');
    const began = Date.now();
    const record = await platform.slipway.abort(id, ADA);
    expect(Date.now() - began).toBeLessThan(8_000);
    expect(record).toMatchObject({
      result: 'aborted',
      rollback: null,
      failure: { code: 'ABORTED', stage: 'build', message: 'aborted by ada: changed my mind' },
    });
    expect(record.stages.at(-1)).toMatchObject({ stage: 'build', result: 'aborted' });
    expect(await platform.verify(id)).toMatchObject({ verdict: 'VALID', reason: null });
    await expect(platform.slipway.abort(id, ADA)).rejects.toMatchObject({
      code: expect.stringMatching(/ACT_REFUSED|UNKNOWN_DEPLOYMENT/) as string,
    });
  });

  test('during the soak restores the version before', async () => {
    const before = await platform.observe();
    const health = '{ path: /healthz, interval: 500ms, timeout: 500ms, failures: 2 }';
    const submission = await platform.order(
      platform.shop.version({ text: 'soaking', manifest: manifestWith({ health }) }),
    );
    const id = submission.deploymentId ?? '';
    await until(
      async () => (await platform.slipway.deployment(id)).stages.at(-1)?.stage === 'post-deploy-verification',
    );
    const record = await platform.slipway.abort(id, ADA);
    expect(record).toMatchObject({ result: 'aborted', rollback: { trigger: 'ABORTED', outcome: 'restored' } });
    expect(await platform.observe()).toMatchObject({ live: before.live, generation: before.generation + 2 });
    expect(await platform.page()).toBe('web two');
    expect(await platform.verify(id)).toMatchObject({ verdict: 'VALID', reason: null });
  });
});

test('all that was sealed meanwhile has the form that docs/schemas publishes', async () => {
  const sealed = await statementsIn(platform.artifacts.component('web'));
  expect(sealed.size).toBeGreaterThan(4 * STAGES.length);
  for (const [name, statement] of sealed) expect([name, ...faultsOfForm(statement)]).toEqual([name]);
});
