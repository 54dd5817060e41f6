import { join } from 'node:path';
import { expect, test } from 'vitest';
import { appendAct } from '../../src/records/acts.ts';
import { loadCompletedChain } from '../../src/records/completed.ts';
import { completedRelease, holdOf, knownHealthyOf, recentRecords } from '../../src/records/target.ts';
import { verifyDeployment } from '../../src/records/verify.ts';
import { createNotary } from '../../src/signing/notary.ts';
import { createTestKey } from '../signing/keys.ts';
import { createTarget, type TargetState } from './deployments.ts';
import { TARGET } from './plan.ts';
import { scratchStore } from './scratch.ts';

/** A real store of an earlier version; see README.md beside it. */
const UNSIGNED = join(import.meta.dirname, 'stores', 'unsigned');

const key = createTestKey();
const SIGNING_BEGAN = '2026-11-23T09:30:00.000Z';
const NOTARY = createNotary(key.signer, async () => ({
  keys: (['orchestrator', 'builder', 'deployer'] as const).map((role) => key.trusted(role, { from: SIGNING_BEGAN })),
}));

/** The store, as this version opens it after signing began, and its target an hour later. */
async function upgraded() {
  const { artifacts } = await scratchStore(UNSIGNED, NOTARY);
  const store = artifacts.component(TARGET.component);
  const records = await recentRecords(store, TARGET);
  const live = await knownHealthyOf(store, records);
  const runtime = { generation: 4, live };
  const state: TargetState = { n: 3, runtime, left: runtime, clock: Date.UTC(2026, 10, 23, 10) };
  return { ...createTarget(artifacts, { state }), artifacts, records };
}

test('what an earlier version sealed before anybody signed is VALID, and is called unsigned', async () => {
  const { artifacts, records } = await upgraded();
  expect(records.map(({ record }) => record.result)).toEqual(['rolled-back', 'completed', 'completed']);
  for (const { record } of records) {
    const { verdict, reason, signers } = await verifyDeployment(artifacts, record.deploymentId ?? '');
    expect({ verdict, reason }).toEqual({ verdict: 'VALID', reason: null });
    expect(signers.length).toBeGreaterThan(6);
    expect(signers.filter((signer) => signer.key !== null)).toEqual([]);
  }
});

test('a deployer returns to none of its releases: nobody signed them', async () => {
  const { store, records } = await upgraded();
  const releases = records.map(({ record }) => completedRelease(record)).filter((release) => release !== null);
  expect(releases).toHaveLength(2);
  for (const release of releases) {
    const loading = loadCompletedChain(store, TARGET, release);
    await expect(loading).rejects.toMatchObject({ code: 'UNTRUSTED_EVIDENCE' });
    await expect(loading).rejects.toThrow('nobody signed');
  }
});

test('a signed deployment follows in the same store, and all are VALID', async () => {
  const { artifacts, store, deploy, idOf } = await upgraded();
  expect(await holdOf(store, TARGET)).not.toBeNull();
  const act = { kind: 'resume', by: 'ada', reason: 'seen' } as const;
  await appendAct(store, { target: TARGET, act, key: 'resumed', at: '2026-11-23T09:59:00.000Z' });
  const { record } = await deploy();
  expect(record.deploymentId).toBe(idOf(4));
  for (const n of [1, 2, 3, 4]) {
    expect(await verifyDeployment(artifacts, idOf(n))).toMatchObject({ id: idOf(n), verdict: 'VALID', reason: null });
  }
  const { signers } = await verifyDeployment(artifacts, idOf(4));
  expect(signers.filter((signer) => signer.key === null)).toEqual([]);
  await expect(loadCompletedChain(store, TARGET, completedRelease(record)!)).resolves.toBeDefined();
});
