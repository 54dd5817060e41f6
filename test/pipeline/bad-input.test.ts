import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ApplicationFailure, type WorkflowFailedError } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readEvidence } from '../../src/records/evidence.ts';
import { readRecord } from '../../src/records/record.ts';
import { createLocalDriver } from '../../src/runtime/local/client.ts';
import { manifestWith, type Behaviour } from './shop.ts';
import { openPlatform, TARGET, until, type OpenPlatform } from './setting.ts';

const PLATFORM = `apiVersion: slipway/v1
sources: [{ name: shop, url: ./shop, branches: [main] }]
build: { timeout: 20s }
environments:
  staging: { soak: { for: 600ms, samples: 3 }, rollbackWithin: 20s, afterRollback: continue }
`;
const web = { environment: 'staging', component: 'web' };
const QUICK = { run: '{ command: [node, server.mjs], startWithin: 700ms }' };

let platform: OpenPlatform;
beforeAll(async () => {
  platform = await openPlatform({ platform: PLATFORM });
  await platform.deploy(platform.shop.version({ text: 'good' }));
});
afterAll(() => platform?.close());

const deploy = (behaviour: Behaviour) => platform.deploy(platform.shop.version(behaviour));

/** Whatever happened, the good version answers, and the record is VALID. */
async function expectUntouched(id: string | null): Promise<void> {
  expect(await platform.page()).toBe('web good');
  expect(await platform.verify(id ?? '')).toMatchObject({ verdict: 'VALID', reason: null });
}

describe.sequential('a version that is not fit', () => {
  test.each([
    [
      'never listens',
      { text: 'a', server: 'setInterval(() => {}, 1000);', manifest: manifestWith(QUICK) },
      'VERIFICATION_FAILED',
      'never became healthy',
    ],
    [
      'dies at once',
      { text: 'b', server: 'console.error("no licence"); process.exit(3);' },
      'VERIFICATION_FAILED',
      'no licence',
    ],
    [
      'answers 200 with an error page',
      { text: 'c', server: serving("'Sorry, an error'") },
      'VERIFICATION_FAILED',
      'web',
    ],
  ])('that %s is stopped at verification', async (_, behaviour, code, said) => {
    const record = await deploy(behaviour);
    expect(record).toMatchObject({
      result: 'failed',
      rollback: null,
      failure: { code, clause: '§7', stage: 'verification' },
    });
    expect(record.failure?.message).toContain(said);
    await expectUntouched(record.deploymentId);
  });

  // Alone in verification it behaves; beside its instance folder, which the live one has filled, it does not.
  test.each([
    ['never listens', 'setInterval(() => {}, 1000)', QUICK, 'INSTANCE_NEVER_READY'],
    ['dies at once', "console.error('no licence'); process.exit(3)", QUICK, 'INSTANCE_DIED'],
  ])('that %s only where it is live is never switched to', async (what, misbehave, manifest, code) => {
    const behaviour = { text: `${what} live`, server: onlyLive(misbehave), manifest: manifestWith(manifest) };
    const record = await deploy(behaviour);
    expect(record).toMatchObject({
      result: 'failed',
      rollback: null,
      failure: { code, clause: '§9', stage: 'deploy' },
    });
    await expectUntouched(record.deploymentId);
  });

  test.each([
    ['dies during the soak', 'well = () => (looks += 1) > 6 ? process.exit(1) : "ok"', 'HEALTH_DEGRADED'],
    [
      'answers 200 with an error page',
      "setTimeout(() => { text = undefined; page = () => 'Sorry' }, 0)",
      'SMOKE_FAILED',
    ],
  ])('that %s where it is live is rolled back', async (what, misbehave, code) => {
    const record = await deploy({ text: `${what} live`, server: onlyLive(misbehave) });
    expect(record).toMatchObject({
      result: 'rolled-back',
      failure: { code, clause: '§10', stage: 'post-deploy-verification' },
      rollback: { trigger: code, outcome: 'restored' },
    });
    await expectUntouched(record.deploymentId);
  });

  test('whose build gives other bytes the second time is not reproducible', async () => {
    const build = `import { mkdirSync, writeFileSync, cpSync } from 'node:fs';
mkdirSync('dist'); cpSync('server.mjs', 'dist/server.mjs'); cpSync('text.txt', 'dist/text.txt');
writeFileSync('dist/stamp.txt', String(Math.random()));`;
    const record = await deploy({ text: 'random', build });
    expect(record).toMatchObject({
      result: 'failed',
      failure: { code: 'NOT_REPRODUCIBLE', clause: '§6', stage: 'build' },
    });
    expect(record.failure?.message).toContain('stamp.txt');
    await expectUntouched(record.deploymentId);
  });

  test('that no change speaks for is rejected', async () => {
    platform.shop.write('web/text.txt', 'silently');
    const revision = platform.shop.commit('Just a small thing');
    const record = await platform.deploy({ change: 'CHG-1', revision });
    expect(record).toMatchObject({
      result: 'rejected',
      failure: { code: 'UNDOCUMENTED_CHANGE', clause: '§5', stage: 'change-intake' },
    });
    expect(record.stages).toHaveLength(1);
    await expectUntouched(record.deploymentId);
    platform.shop.git('reset', '--quiet', '--hard', 'HEAD~1');
  });
});

describe.sequential('somebody who goes round the pipeline', () => {
  test('changes the bytes of an artifact in the store: nobody takes it any more', async () => {
    const version = platform.shop.version({ text: 'tampered' });
    const first = await platform.deploy(version);
    expect(first.result).toBe('completed');
    expect(await platform.deploy(platform.shop.version({ text: 'good' }))).toMatchObject({ result: 'completed' });
    const digest = (first.artifact?.digest ?? '').slice('sha256:'.length);
    const manifest = join(platform.paths.store, 'web', 'blobs', 'sha256', digest);
    const { layers } = JSON.parse(await readFile(manifest, 'utf8')) as { layers: { digest: string }[] };
    const layer = join(
      platform.paths.store,
      'web',
      'blobs',
      'sha256',
      (layers[0]?.digest ?? '').slice('sha256:'.length),
    );
    const bytes = await readFile(layer);
    bytes[600] = (bytes[600] ?? 0) ^ 1;
    await chmod(layer, 0o644);
    await writeFile(layer, bytes);
    const order = { target: TARGET, by: 'ada', reason: 'back', version: first.artifact?.version ?? '' };
    const record = await platform.slipway.follow(await platform.slipway.rollback(order));
    expect(record).toMatchObject({
      result: 'failed',
      failure: { code: 'ARTIFACT_CORRUPT', clause: '§6', stage: 'build' },
    });
    expect(await platform.verify(first.deploymentId ?? '')).toMatchObject({ verdict: 'INVALID', clause: '§6' });
    expect(await platform.page()).toBe('web good');
  });

  test('calls the deployer from a workflow of his own, with a chain that does not exist, or with one that was used', async () => {
    const before = await platform.observe();
    const id = before.live?.deploymentId ?? '';
    const release = await readEvidence(platform.artifacts.component('web'), id, 'release');
    const consumes = { stage: 'release', digest: release?.digest, facts: null };
    const invented = { ...consumes, digest: `sha256:${'0'.repeat(64)}` };
    expect(await callAsForeigner('activateRelease', { deploymentId: `${TARGET}/999`, consumes: invented })).toBe(
      'ARTIFACT_CORRUPT',
    );
    expect(await callAsForeigner('activateRelease', { deploymentId: `${TARGET}/999`, consumes })).toBe(
      'UNTRUSTED_EVIDENCE',
    );
    expect(await callAsForeigner('activateRelease', { deploymentId: id, consumes })).toBe('EVIDENCE_REUSED');
    const restoration = { deploymentId: id, generation: before.generation, to: null };
    expect(await callAsForeigner('restoreRelease', restoration)).toBe('UNTRUSTED_EVIDENCE');
    expect((await platform.observe()).generation).toBe(before.generation);
    expect(await platform.page()).toBe('web good');
  });

  test('asks the orchestrator to sign a record of his own: of a deployment that never was', async () => {
    const { deploymentId } = (await platform.observe()).live ?? {};
    const standing = await readRecord(platform.artifacts.component('web'), deploymentId ?? '');
    const id = `${TARGET}/999`;
    const record = { ...standing?.record, deploymentId: id, result: 'failed' };
    const lie = { record, order: standing?.order, after: { generation: 99, live: null } };
    expect(await callAsForeigner('sealRecord', lie, 'orchestrator')).toBe('UNTRUSTED_EVIDENCE');
    expect(await readRecord(platform.artifacts.component('web'), id)).toBeNull();
  });

  test('moves the runtime while a deployment is on its way: its generation is stale, and nothing is switched', async () => {
    const slow = `import { setTimeout } from 'node:timers/promises'; await setTimeout(1500);\n${serving('`web slow`')}`;
    const submission = await platform.order(platform.shop.version({ text: 'slow', server: slow }));
    await until(
      async () =>
        (await platform.slipway.deployment(submission.deploymentId ?? '')).stages.at(-1)?.stage === 'verification',
    );
    await moveByHand();
    const record = await platform.slipway.follow(submission);
    expect(record).toMatchObject({
      result: 'failed',
      rollback: null,
      failure: { code: 'STALE_GENERATION', clause: '§2', stage: 'deploy' },
    });
    expect(await platform.page()).toBe('web good');
  });

  test('is seen: the next order is refused, the live deployment is INVALID, and a rollback is the way out', async () => {
    const { live } = await platform.observe();
    const record = await platform.deploy(platform.shop.version({ text: 'next' }));
    expect(record).toMatchObject({ result: 'rejected', failure: { code: 'UNKNOWN_RUNTIME_STATE', clause: '§2' } });
    expect(await platform.verify(live?.deploymentId ?? '')).toMatchObject({ verdict: 'INVALID', clause: '§15' });
    const order = { target: TARGET, by: 'ada', reason: 'a hand was at it', version: live?.version ?? '' };
    expect(await platform.slipway.follow(await platform.slipway.rollback(order))).toMatchObject({
      result: 'completed',
    });
    expect(await platform.deploy(platform.shop.version({ text: 'good' }))).toMatchObject({ result: 'completed' });
  });

  test('takes the port of a first deployment: it says so, and nothing is in service', async () => {
    const other = await openPlatform({
      platform: `${PLATFORM}runtimes: { local: { ports: { staging/web: ${await takenPort()} } } }\n`,
    });
    try {
      const record = await other.deploy(other.shop.version({ text: 'one' }));
      expect(record).toMatchObject({
        result: 'failed',
        failure: { code: 'PORT_TAKEN', clause: '§9', stage: 'deploy' },
      });
      expect((await other.observe()).live).toBeNull();
    } finally {
      await other.close();
    }
  });
});

/** A server that is healthy, and says `page`. */
function serving(page: string): string {
  return `import { createServer } from 'node:http';
createServer((request, response) => response.end(request.url === '/healthz' ? 'ok' : ${page})).listen(Number(process.env.PORT), '127.0.0.1');`;
}

/** A server that behaves until it finds that it is not alone: the live instance folder has been used before. */
function onlyLive(misbehave: string): string {
  return `import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
let text = readFileSync(new URL('text.txt', import.meta.url), 'utf8');
let page = () => 'web ' + text;
let looks = 0;
let well = () => 'ok';
const folder = process.env.SLIPWAY_INSTANCE_DIR;
const isLive = !folder.startsWith('/instance/') && folder !== '/instance' && readdirSync(folder) !== null;
if (isLive) { ${misbehave}; }
if (!isLive || ${!misbehave.startsWith('setInterval') && !misbehave.startsWith('console')}) {
  createServer((request, response) => response.end(request.url === '/healthz' ? well() : page())).listen(Number(process.env.PORT), '127.0.0.1');
}`;
}

/** What the deployer answers to a workflow that is none of ours: the code of its refusal. */
async function callAsForeigner(activity: string, input: unknown, taskQueue = 'deployer-staging'): Promise<string> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const { address, namespace } = platform.running.location;
  const connection = await NativeConnection.connect({ address });
  const workflowsPath = join(import.meta.dirname, 'foreign-workflow.ts');
  foreignBundle ??= bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: 'foreign',
    workflowBundle: await foreignBundle,
  });
  try {
    return await worker.runUntil(async () => {
      try {
        await platform.client.workflow.execute('foreign', {
          workflowId: `foreign-${Math.random()}`,
          taskQueue: 'foreign',
          args: [taskQueue, activity, input],
        });
        return 'done';
      } catch (error) {
        const cause = (error as WorkflowFailedError).cause?.cause;
        return cause instanceof ApplicationFailure ? (cause.type ?? '') : String(error);
      }
    });
  } finally {
    await connection.close();
  }
}
let foreignBundle: ReturnType<typeof bundleWorkflowCode> | undefined;

/** Somebody with the runtime's control socket: activates once more what is live, under a generation of his own. */
async function moveByHand(): Promise<void> {
  const driver = createLocalDriver({ folder: join(platform.paths.state, 'runtime') });
  const { generation, live } = await driver.observe(web);
  if (live === null) throw new Error('nothing is live');
  await driver.activate({ target: web, deploymentId: live.deploymentId, generation: generation + 1, release: live });
}

/** A port that somebody listens on, until the tests end. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1').unref();
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as { port: number }).port;
}
