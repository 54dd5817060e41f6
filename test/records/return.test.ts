import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LiveRelease } from '../../src/contract/release.ts';
import { setQuarantine } from '../../src/records/acts.ts';
import { releaseToReturnTo } from '../../src/records/return.ts';
import { knownHealthyOf, recentRecords } from '../../src/records/target.ts';
import { createTarget } from './deployments.ts';
import { rollbackOf, TARGET } from './plan.ts';
import { openStore, scratchStore, type ScratchStore } from './scratch.ts';

/** Completed as 1, 2 and 4; 3 was rolled back, and quarantined for it. 5 brought 2 again, 6 was rejected. */
let original: ScratchStore;
const live: Record<number, LiveRelease> = {};
beforeAll(async () => {
  original = await openStore();
  const target = createTarget(original.artifacts);
  await target.deploy({ text: 'one' });
  await target.deploy({ text: 'two' });
  await target.deploy({ ends: { stage: 'post-deploy-verification', code: 'SMOKE_FAILED', restored: 'restored' } });
  await target.deploy({ text: 'four' });
  await target.deploy({ text: 'two' });
  await target.deploy({ ends: { stage: 'change-intake', code: 'SCOPE_EXCEEDED' } });
  for (const n of [1, 2, 3, 4, 5]) live[n] = { ...target.released(target.idOf(n)), deploymentId: target.idOf(n) };
});
afterAll(() => original.remove());

async function open() {
  const { artifacts } = await scratchStore(original.path);
  const store = artifacts.component(TARGET.component);
  const records = await recentRecords(store, TARGET);
  const quarantine = (n: number) =>
    setQuarantine(store, { kind: 'quarantine', digest: live[n]!.digest, by: 'ada', reason: 'bad' }, `bad ${n}`);
  const back = async (version: string | null, from: LiveRelease | null = live[5]!) =>
    (await releaseToReturnTo(store, records, rollbackOf('back', version), from)).release.deploymentId;
  return { store, records, quarantine, back };
}

const id = (n: number) => `staging/storefront/${n}`;

describe('a rollback on request goes back', () => {
  test('to the newest release before the live one that completed', async () => {
    const { back } = await open();
    expect(await back(null)).toBe(id(4));
    expect(await back(null, live[4])).toBe(id(2));
    expect(await back(null, live[2])).toBe(id(1));
  });

  test('to other bytes than the live ones, though they were live before', async () => {
    const { back, quarantine } = await open();
    await quarantine(4);
    expect(await back(null)).toBe(id(1));
  });

  test('past what is quarantined', async () => {
    const { back, quarantine } = await open();
    await quarantine(2);
    expect(await back(null, live[4])).toBe(id(1));
  });

  test('to the newest that completed, when nothing that it knows is live', async () => {
    const { back } = await open();
    expect(await back(null, null)).toBe(id(5));
    expect(await back(null, { ...live[1]!, digest: `sha256:${'0'.repeat(64)}`, deploymentId: id(99) })).toBe(id(5));
  });

  test('to the version that it names, the live one too', async () => {
    const { back } = await open();
    expect(await back(live[1]!.version)).toBe(id(1));
    expect(await back(live[4]!.version, live[1])).toBe(id(4));
    expect(await back(live[5]!.version)).toBe(id(5));
  });

  test('and knows what change intake had admitted then', async () => {
    const { store, records } = await open();
    const { intake } = await releaseToReturnTo(store, records, rollbackOf('back'), live[5]!);
    expect(intake).toMatchObject({ order: { requestId: 'request-4' }, source: { repository: 'shop' } });
  });

  test('to nothing that was found bad, even when it is named', async () => {
    const { back, quarantine } = await open();
    await quarantine(1);
    await expect(back(live[1]!.version)).rejects.toMatchObject({ code: 'QUARANTINED' });
  });

  test('to nothing that did not complete here', async () => {
    const { back, quarantine } = await open();
    await expect(back(live[3]!.version)).rejects.toMatchObject({ code: 'NO_RELEASE_TO_RETURN_TO' });
    await expect(back('no such version')).rejects.toMatchObject({ code: 'NO_RELEASE_TO_RETURN_TO' });
    await expect(back(null, live[1])).rejects.toMatchObject({
      code: 'NO_RELEASE_TO_RETURN_TO',
      message: expect.stringContaining('slipway history staging/storefront') as string,
    });
    for (const n of [1, 2, 4]) await quarantine(n);
    await expect(back(null, null)).rejects.toMatchObject({ code: 'NO_RELEASE_TO_RETURN_TO' });
  });
});

describe('known healthy is', () => {
  test('the newest release that completed', async () => {
    const { store, records } = await open();
    expect(await knownHealthyOf(store, records)).toEqual(live[5]);
    expect(await knownHealthyOf(store, [])).toBeNull();
  });

  test('not one that is quarantined', async () => {
    const { store, records, quarantine } = await open();
    await quarantine(2);
    expect(await knownHealthyOf(store, records)).toEqual(live[4]);
    for (const n of [1, 4]) await quarantine(n);
    expect(await knownHealthyOf(store, records)).toBeNull();
  });
});
