import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deploymentWorkflowId, laneWorkflowId } from '../../src/contract/target.ts';
import { nameOf } from '../../src/records/names.ts';
import type { Stage } from '../../src/contract/stages.ts';
import { manifestWith } from './shop.ts';
import { openPlatform, TARGET, until, type OpenPlatform } from './setting.ts';

const SLOW_START = `import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const text = readFileSync(new URL('text.txt', import.meta.url), 'utf8');
setTimeout(() => createServer((request, response) => response.end(request.url === '/healthz' ? 'ok' : 'web ' + text)).listen(Number(process.env.PORT), '127.0.0.1'), 1500);
`;
const LONG_SOAK = `apiVersion: slipway/v1
sources: [{ name: shop, url: ./shop, branches: [main] }]
environments:
  staging: { soak: { for: 1500ms, samples: 3 }, rollbackWithin: 60s }
`;
const web = { environment: 'staging', component: 'web' };

let platform: OpenPlatform;
let versions = 0;
beforeAll(async () => {
  platform = await openPlatform({ platform: LONG_SOAK });
  await platform.deploy(platform.shop.version({ text: 'zero' }));
});
afterAll(() => platform?.close());

/** Begins a deployment of a new version, and waits until it is in a stage. */
async function begin(
  stage: Stage,
  server?: string,
): Promise<{ id: string; text: string; submission: Awaited<ReturnType<OpenPlatform['order']>> }> {
  versions += 1;
  if ((await platform.settled()).hold !== null) await platform.slipway.resume(TARGET, { by: 'ada', reason: 'seen' });
  const text = `version ${versions}`;
  const submission = await platform.order(platform.shop.version({ text, ...(server !== undefined && { server }) }));
  const id = submission.deploymentId ?? '';
  await until(async () => (await platform.slipway.deployment(id)).stages.at(-1)?.stage === stage);
  return { id, text, submission };
}

/** The record says what the runtime shows, and the checker agrees. */
async function expectAgreement(id: string): Promise<void> {
  const observed = await platform.observe();
  expect(await platform.verify(id)).toEqual({ id, verdict: 'VALID', clause: null, reason: null });
  const lane = await platform.settled();
  expect(lane).toMatchObject({ live: observed.live, generation: observed.generation, running: null });
}

describe.sequential('whatever is killed in the middle of a deployment', () => {
  test.each(['deployer-staging', 'orchestrator', 'builder'])(
    'kill -9 of the %s: the deployment completes',
    async (worker) => {
      const stage =
        worker === 'builder' ? 'verification' : worker === 'orchestrator' ? 'post-deploy-verification' : 'deploy';
      const { id, text, submission } = await begin(stage, SLOW_START);
      process.kill(platform.pid(worker), 'SIGKILL');
      expect(await platform.slipway.follow(submission)).toMatchObject({ deploymentId: id, result: 'completed' });
      expect(await platform.page()).toBe(`web ${text}`);
      await expectAgreement(id);
    },
  );

  test('kill -9 of the runtime while it activates: the activation is done again, and completes', async () => {
    const { id, text, submission } = await begin('deploy', SLOW_START);
    process.kill(platform.pid('runtime'), 'SIGKILL');
    expect(await platform.slipway.follow(submission)).toMatchObject({ deploymentId: id, result: 'completed' });
    expect(await platform.page()).toBe(`web ${text}`);
    await expectAgreement(id);
  });

  test('kill -9 of the Temporal server in the middle of a deploy: the deployment completes', async () => {
    const { id, text } = await begin('deploy', SLOW_START);
    process.kill(platform.pid('temporal'), 'SIGKILL');
    const record = await until(() => platform.recorded(id));
    expect(record).toMatchObject({ deploymentId: id, result: 'completed' });
    expect(await platform.page()).toBe(`web ${text}`);
    await until(async () => (await platform.slipway.lane(TARGET))?.running === null);
    await expectAgreement(id);
  });

  test('the deployment terminated in the UI: its lane restores the version before and seals that', async () => {
    const before = await platform.observe();
    const { id } = await begin('post-deploy-verification');
    await platform.client.workflow.getHandle(deploymentWorkflowId(web, Number(id.split('/')[2]))).terminate('a hand');
    const record = await until(() => platform.recorded(id));
    expect(record).toMatchObject({
      result: 'rolled-back',
      failure: { code: 'DEPLOYMENT_TERMINATED' },
      rollback: { trigger: 'DEPLOYMENT_TERMINATED', outcome: 'restored', to: { digest: before.live?.digest } },
    });
    expect((await platform.observe()).live).toEqual(before.live);
    await until(async () => (await platform.slipway.lane(TARGET))?.running === null);
    await expectAgreement(id);
  });

  test('the deployment cancelled in the UI: an abort by unknown', async () => {
    const before = await platform.observe();
    const { id, submission } = await begin('post-deploy-verification');
    await platform.client.workflow.getHandle(deploymentWorkflowId(web, Number(id.split('/')[2]))).cancel();
    const record = await platform.slipway.follow(submission);
    expect(record).toMatchObject({ result: 'aborted', rollback: { trigger: 'ABORTED', outcome: 'restored' } });
    expect(record.failure?.message).toContain('unknown');
    expect((await platform.observe()).live).toEqual(before.live);
    await expectAgreement(id);
  });

  test('the target terminated in the middle of a deployment: the next order finds it, waits, and follows it', async () => {
    const { id, text } = await begin('deploy', SLOW_START);
    await platform.client.workflow.getHandle(laneWorkflowId(web)).terminate('a hand');
    const next = await platform.order(platform.shop.version({ text: `after ${text}` }));
    expect(next.deploymentId).toBeNull();
    const record = await platform.slipway.follow(next);
    expect(await platform.recorded(id)).toMatchObject({ result: 'completed' });
    expect(record).toMatchObject({ result: 'completed', deploymentId: `${TARGET}/${Number(id.split('/')[2]) + 1}` });
    await expectAgreement(record.deploymentId ?? '');
  });

  test('the target terminated until its deployment had ended: whoever asks it next has it keep the history, and end what is warm', async () => {
    const { id, submission } = await begin('post-deploy-verification');
    await platform.client.workflow.getHandle(laneWorkflowId(web)).terminate('a hand');
    expect(await platform.slipway.follow(submission)).toMatchObject({ result: 'completed' });
    const history = () => platform.artifacts.component('web').resolve(nameOf.history(id));
    expect(await history()).toBeNull();
    expect((await platform.observe()).warm).not.toBeNull();

    await expect(platform.slipway.resume(TARGET, { by: 'ada', reason: 'x' })).rejects.toMatchObject({
      code: 'ACT_REFUSED',
    });
    await until(async () => (await history()) !== null && (await platform.observe()).warm === null);
    await expectAgreement(id);
  });

  test('the same request after the target was terminated is the same deployment and the same answer', async () => {
    const version = platform.shop.version({ text: 'once' });
    const record = await platform.deploy(version, 'only-once');
    await platform.settled();
    await platform.client.workflow.getHandle(laneWorkflowId(web)).terminate('a hand');
    const again = await platform.order(version, 'only-once');
    expect(again).toMatchObject({ requestId: 'only-once', deploymentId: record.deploymentId });
    expect((await platform.settled()).n).toBe(Number(record.deploymentId?.split('/')[2]));
  });

  test('a target terminated under a hold begins again, still held, when a person resumes it', async () => {
    const smoke = '[{ name: never, path: /, includes: never, at: [live] }]';
    const record = await platform.deploy(platform.shop.version({ text: 'unfit', manifest: manifestWith({ smoke }) }));
    expect(record).toMatchObject({ result: 'rolled-back' });
    await platform.settled();
    await platform.client.workflow.getHandle(laneWorkflowId(web)).terminate('a hand');
    expect(await platform.slipway.resume(TARGET, { by: 'ada', reason: 'seen' })).toMatchObject({ hold: null });
    await expect(platform.slipway.resume(TARGET, { by: 'ada', reason: 'again' })).rejects.toMatchObject({
      code: 'ACT_REFUSED',
    });
    await expect(platform.slipway.resume('staging/nobody', { by: 'ada', reason: 'x' })).rejects.toMatchObject({
      code: 'ACT_REFUSED',
    });
  });

  test('a deployment reset in the UI while it runs goes on, and ends in one result', async () => {
    const { id, text } = await begin('post-deploy-verification');
    await platform.resetToStart(deploymentWorkflowId(web, Number(id.split('/')[2])));
    const record = await until(() => platform.recorded(id));
    const shown = record.result === 'completed' ? `web ${text}` : 'web once';
    expect(['completed', 'rolled-back']).toContain(record.result);
    expect(await platform.page()).toBe(shown);
    await expectAgreement(id);
    expect(await platform.deploy(platform.shop.version({ text: 'after a reset' }))).toMatchObject({
      result: 'completed',
    });
  });

  test('a deployment reset in the UI after its end returns the record that stands, and touches nothing', async () => {
    const record = await platform.deploy(platform.shop.version({ text: 'before the reset' }));
    await platform.settled();
    const before = await platform.observe();
    const workflowId = deploymentWorkflowId(web, Number(record.deploymentId?.split('/')[2]));
    const runId = await platform.resetToStart(workflowId);
    expect(await platform.client.workflow.getHandle(workflowId, runId).result()).toEqual(record);
    expect(await platform.observe()).toEqual({ ...before, instance: expect.anything() });
    await expectAgreement(record.deploymentId ?? '');
  });
});
