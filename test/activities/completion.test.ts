import { CancelledFailure } from '@temporalio/activity';
import { describe, expect, test, vi } from 'vitest';
import { createCompletion } from '../../activities/completion.ts';
import type { SealInput } from '../../src/contract/activities.ts';
import type { FailureCode } from '../../src/contract/failure.ts';
import { beginStage, endStage, type DeploymentRecord } from '../../src/contract/record.ts';
import { quarantineOf, readActs } from '../../src/records/acts.ts';
import { readEvidence } from '../../src/records/evidence.ts';
import { nameOf } from '../../src/records/names.ts';
import { claimRestoration, readRecord } from '../../src/records/record.ts';
import { verifyDeployment } from '../../src/records/verify.ts';
import { PLATFORM } from '../records/made-up.ts';
import { rollbackOf, TARGET, type Plan } from '../records/plan.ts';
import { handsOn } from '../records/scratch.ts';
import { failureOf, openEnvironment, openPlatform, run } from './setting.ts';

const NOW = '2026-11-23T10:00:00.000Z';

/** A deployment whose first six stages have passed, live in the runtime, before its completion. */
async function openCompletion(plan: Plan = {}, before = 0, file = PLATFORM) {
  const platform = await openPlatform(file);
  for (let n = 0; n < before; n += 1) await platform.deployed();
  const running = await platform.target.begin(plan);
  const { deploymentId, generation, release } = running;
  const consumes = await running.passUpTo('post-deploy-verification');
  const live = { ...release, deploymentId };
  platform.runtime.set({ generation: generation + 1, live });
  const draft = beginStage(running.draft(), 'completion', NOW);
  const { complete, sealRecord } = createCompletion(platform.deps);
  const input = { deploymentId, consumes, draft };
  return { ...platform, running, deploymentId, live, input, complete, sealRecord };
}

describe('completion', () => {
  test('seals the record of a deployment that is live, whole and visible, and answers with it', async () => {
    const { complete, input, store, artifacts, deploymentId, live } = await openCompletion({}, 1);
    const record = await run(complete, input);
    expect(record).toMatchObject({ deploymentId, result: 'completed', failure: null, rollback: null });
    const standing = await readRecord(store, deploymentId);
    expect(standing).toMatchObject({ record, after: { generation: 2, live } });
    expect(record.previousRecord).toBe((await readRecord(store, 'staging/storefront/1'))?.digest);
    expect(await verifyDeployment(artifacts, deploymentId)).toMatchObject({ verdict: 'VALID', reason: null });
  });

  test('asked again, answers with the record that stands, and seals nothing more', async () => {
    const { complete, input, store } = await openCompletion();
    const record = await run(complete, input);
    const names = await store.names('');
    expect(await run(complete, input)).toEqual(record);
    expect(await store.names('')).toEqual(names);
  });

  test('seals what the chain says, whatever its caller’s draft says beside the times', async () => {
    const { complete, input, store, deploymentId, running } = await openCompletion();
    const { draft } = input;
    const lie = {
      ...draft,
      deploymentId: 'staging/storefront/7',
      requestId: 'of-eve',
      change: { ...draft.change, requestedBy: 'the ceo' },
      artifact: { version: 'x', digest: `sha256:${'a'.repeat(64)}` as const },
      source: { repository: 'shop', revision: 'f'.repeat(40) },
    };
    await run(complete, { ...input, draft: lie });
    expect(await readRecord(store, 'staging/storefront/7')).toBeNull();
    const { record } = (await readRecord(store, deploymentId))!;
    expect(record).toMatchObject({ deploymentId, artifact: running.release, requestId: running.order.requestId });
    expect(record.change).toEqual(draft.change);
    expect(record.source).toEqual(draft.source);
  });

  test.each([
    ['nothing', () => ({ generation: 1, live: null })],
    ['other bytes', (live: object) => ({ generation: 1, live: { ...live, digest: `sha256:${'0'.repeat(64)}` } })],
    ['another generation', (live: object) => ({ generation: 2, live })],
    [
      'the same bytes by another deployment',
      (live: object) => ({ generation: 1, live: { ...live, deploymentId: 'staging/storefront/9' } }),
    ],
  ])('refuses a runtime that shows %s, and seals that', async (_, shown) => {
    const { complete, input, runtime, live, store, deploymentId } = await openCompletion();
    runtime.set(shown(live) as ReturnType<typeof runtime.state>);
    const said = await failureOf(run(complete, input));
    expect(said).toMatchObject({ code: 'DEFINITION_OF_DONE_VIOLATED', clause: '§11', retried: false });
    expect(said.evidence).toBe((await readEvidence(store, deploymentId, 'completion'))?.digest);
    expect(await readRecord(store, deploymentId)).toBeNull();
  });

  test.each<[string, (draft: DeploymentRecord) => DeploymentRecord]>([
    ['lacks a stage', (draft) => ({ ...draft, stages: draft.stages.toSpliced(2, 1) })],
    [
      'names other evidence',
      (draft) => ({
        ...draft,
        stages: draft.stages.with(3, { ...draft.stages[3]!, evidence: `sha256:${'0'.repeat(64)}` }),
      }),
    ],
    [
      'says that a stage failed',
      (draft) => ({ ...draft, stages: draft.stages.with(3, { ...draft.stages[3]!, result: 'failed' }) }),
    ],
    [
      'has two stages in each other’s place',
      (draft) => ({ ...draft, stages: draft.stages.with(3, draft.stages[4]!).with(4, draft.stages[3]!) }),
    ],
  ])('refuses a draft that %s', async (_, change) => {
    const { complete, input, store, deploymentId } = await openCompletion();
    const said = await failureOf(run(complete, { ...input, draft: change(input.draft) }));
    expect(said).toMatchObject({ code: 'DEFINITION_OF_DONE_VIOLATED', retried: false });
    expect(await readRecord(store, deploymentId)).toBeNull();
  });

  test('a rule of the platform file that does not hold is named, and the completion that failed is sealed with it', async () => {
    const rules = `definitionOfDone:
  - { name: soak is long enough, rule: soak.seconds >= 3.0 }
  - { name: owner named, rule: 'component.owner != ""', message: name one in slipway.yaml }
`;
    const file = Buffer.concat([PLATFORM, Buffer.from(rules)]);
    const { complete, input, store, deploymentId } = await openCompletion({}, 0, file);
    const said = await failureOf(run(complete, input));
    expect(said).toMatchObject({ code: 'DEFINITION_OF_DONE_VIOLATED', clause: '§11', retried: false });
    expect(said.message).toBe(
      'the rule "owner named" does not hold: false: component.owner != ""; name one in slipway.yaml (§11)',
    );
    const sealed = (await readEvidence(store, deploymentId, 'completion'))?.predicate;
    expect(sealed?.result).toBe('failed');
    expect(sealed?.findings).toMatchObject({ visibleSince: null });
    expect(sealed?.findings?.done?.filter(({ holds }) => !holds).map(({ name }) => name)).toEqual(['owner named']);
    expect(await readRecord(store, deploymentId)).toBeNull();
  });

  test('is too late once a restoration was claimed', async () => {
    const { complete, input, store, deploymentId } = await openCompletion();
    await claimRestoration(store, { deploymentId, generation: 1, at: NOW });
    expect(await failureOf(run(complete, input))).toMatchObject({ code: 'EVIDENCE_REUSED' });
    expect(await readRecord(store, deploymentId)).toBeNull();
  });

  test('does not blame the change when the runtime does not answer', async () => {
    const { complete, input, runtime, store, deploymentId } = await openCompletion();
    runtime.away();
    expect(await failureOf(run(complete, input))).toMatchObject({ code: 'RUNTIME_UNAVAILABLE', retried: true });
    expect(await readEvidence(store, deploymentId, 'completion')).toBeNull();
    runtime.away(false);
    expect(await run(complete, input)).toMatchObject({ result: 'completed' });
  });

  test('seals what follows from the record, even if an attempt before it was cut short just there', async () => {
    const platform = await openPlatform();
    const first = await platform.deployed();
    const bad = await platform.deployed();
    const returnTo = { ...first.record.artifact!, deploymentId: first.record.deploymentId! };
    const running = await platform.target.begin({ order: rollbackOf('back'), text: 'version 1', returnTo });
    const consumes = await running.passUpTo('post-deploy-verification');
    const { deploymentId, release } = running;
    platform.runtime.set({ generation: 3, live: { ...release, deploymentId } });
    const input = { deploymentId, consumes, draft: beginStage(running.draft(), 'completion', NOW) };
    const { complete } = createCompletion(platform.deps);
    await run(complete, input);
    const hands = handsOn(platform.path, TARGET.component);
    const digest = bad.record.artifact!.digest;
    await hands.unname(nameOf.act(TARGET, 1));
    await hands.unname(nameOf.quarantine(digest, 1));
    await run(complete, input);
    expect((await readActs(platform.store, TARGET)).map(({ act }) => act.kind)).toEqual(['quarantine']);
    expect(await quarantineOf(platform.store, digest)).toMatchObject({ quarantined: true });
    expect(await verifyDeployment(platform.artifacts, deploymentId)).toMatchObject({ verdict: 'VALID', reason: null });
  });
});

describe('visibility to operators', () => {
  test('is waited for, however long it lags', async () => {
    const { complete, input, temporal, store, deploymentId } = await openCompletion();
    temporal.show(false);
    const completing = run(complete, input);
    await vi.waitUntil(() => temporal.asked.visible >= 4);
    expect(await readRecord(store, deploymentId)).toBeNull();
    temporal.show(true);
    expect(await completing).toMatchObject({ result: 'completed' });
  });

  test('is no longer waited for once the deployment is aborted, and nothing is sealed', async () => {
    const { complete, input, temporal, store, deploymentId } = await openCompletion();
    temporal.show(false);
    const environment = openEnvironment();
    const completing = environment.run(() => complete(input));
    const ended = completing.catch((thrown: unknown) => thrown);
    await vi.waitUntil(() => temporal.asked.visible >= 2);
    environment.cancel('CANCELLED');
    expect(await ended).toBeInstanceOf(CancelledFailure);
    expect(await readEvidence(store, deploymentId, 'completion')).toBeNull();
    expect(await readRecord(store, deploymentId)).toBeNull();
  });
});

describe('the record of a deployment that did not complete', () => {
  async function openFailed() {
    const opened = await openCompletion({}, 1);
    const { generation, from } = opened.running;
    opened.runtime.set({ generation, live: from }); // it was never activated, or was restored
    const failure = { code: 'ABORTED' as FailureCode, clause: null, stage: 'completion' as const, message: 'so' };
    const ended = endStage(opened.input.draft, 'aborted', NOW, null);
    const input: SealInput = {
      order: opened.running.order,
      record: { ...ended, failure, result: 'aborted' },
      after: null,
    };
    return { ...opened, seal: input };
  }

  test('names the record before it, and says what that one left in the runtime, for nothing was changed', async () => {
    const { sealRecord, seal, store, deploymentId } = await openFailed();
    const before = await readRecord(store, 'staging/storefront/1');
    const record = await run(sealRecord, seal);
    expect(record.previousRecord).toBe(before?.digest);
    expect((await readRecord(store, deploymentId))?.after).toEqual(before?.after);
  });

  test('says what the runtime was seen to show', async () => {
    const { sealRecord, seal, store, deploymentId, running } = await openFailed();
    const after = { generation: 2, live: running.from }; // its generation was burned
    await run(sealRecord, { ...seal, after });
    expect((await readRecord(store, deploymentId))?.after).toEqual(after);
  });

  test('vouches for nothing when the rollback failed', async () => {
    const { sealRecord, seal, store, deploymentId } = await openFailed();
    const rollback = {
      trigger: 'ABORTED',
      to: null,
      startedAt: NOW,
      restoredAt: null,
      within: 1,
      outcome: 'failed',
    } as const;
    await run(sealRecord, { ...seal, record: { ...seal.record, rollback, result: 'rollback-failed' } });
    expect((await readRecord(store, deploymentId))?.after).toBeNull();
  });

  test('stands: sealed again, it is the first one, with what follows from it sealed once', async () => {
    const { sealRecord, seal, store } = await openFailed();
    const rollback = {
      trigger: 'ABORTED',
      to: null,
      startedAt: NOW,
      restoredAt: NOW,
      within: 1,
      outcome: 'removed',
    } as const;
    const first = await run(sealRecord, { ...seal, record: { ...seal.record, rollback } });
    const second = await run(sealRecord, { ...seal, record: { ...seal.record, result: 'failed' } });
    expect(second).toEqual(first);
    expect((await readActs(store, TARGET)).map(({ act }) => act.kind)).toEqual(['hold']);
  });

  test.each(['completed', null] as const)('cannot say %s: only completion seals that', async (result) => {
    const { sealRecord, seal, store, deploymentId } = await openFailed();
    const said = await failureOf(run(sealRecord, { ...seal, record: { ...seal.record, result } }));
    expect(said).toMatchObject({ code: 'UNTRUSTED_EVIDENCE', retried: false });
    expect(await readRecord(store, deploymentId)).toBeNull();
  });

  test.each<[string, (seal: SealInput) => Partial<SealInput>]>([
    ['of another order', ({ order }) => ({ order: { ...order, requestId: 'of-eve' } })],
    [
      'of an order by somebody else',
      ({ order, record }) => ({ order: { ...order, by: 'eve' }, record: { ...record, failure: null } }),
    ],
    [
      'with evidence that nobody sealed',
      ({ record }) => ({
        record: {
          ...record,
          stages: record.stages.map((entry) => ({ ...entry, evidence: `sha256:${'0'.repeat(64)}` as const })),
        },
      }),
    ],
    [
      'with a stage passed that has sealed nothing',
      ({ record }) => ({
        record: { ...record, stages: record.stages.map((entry) => ({ ...entry, result: 'passed' as const })) },
      }),
    ],
    ['that leaves a runtime as it never was', () => ({ after: { generation: 40, live: null } })],
    ['that leaves nothing live, where something was', () => ({ after: { generation: 2, live: null } })],
    [
      'that leaves its own release live, with nothing said of a rollback',
      ({ record }) => ({
        after: { generation: 2, live: { ...record.artifact!, deploymentId: record.deploymentId! } },
      }),
    ],
    [
      'that leaves somebody else’s release live',
      () => ({
        after: {
          generation: 2,
          live: { version: 'x', digest: `sha256:${'0'.repeat(64)}`, deploymentId: 'staging/storefront/9' },
        },
      }),
    ],
  ])('is not signed for whoever brings one %s', async (_, of) => {
    const { sealRecord, seal, store, deploymentId } = await openFailed();
    const said = await failureOf(run(sealRecord, { ...seal, ...of(seal) }));
    expect(said).toMatchObject({ code: 'UNTRUSTED_EVIDENCE', retried: false });
    expect(await readRecord(store, deploymentId)).toBeNull();
  });

  test('is not signed while it is live, and nobody has restored what was before it', async () => {
    const { sealRecord, seal, store, runtime, live, deploymentId } = await openFailed();
    runtime.set({ generation: 2, live });
    for (const after of [null, { generation: 2, live }]) {
      const record = { ...seal.record, result: 'failed' as const };
      const said = await failureOf(run(sealRecord, { ...seal, record, after }));
      expect(said).toMatchObject({ code: 'UNTRUSTED_EVIDENCE', retried: false });
    }
    expect(await readRecord(store, deploymentId)).toBeNull();
  });

  test('waits for the record before it', async () => {
    const { sealRecord, seal, path, store, deploymentId } = await openFailed();
    await handsOn(path, TARGET.component).unname(nameOf.record('staging/storefront/1'));
    expect(await failureOf(run(sealRecord, seal))).toMatchObject({ code: 'STORE_UNAVAILABLE', retried: true });
    expect(await readRecord(store, deploymentId)).toBeNull();
  });
});
