import { describe, expect, test } from 'vitest';
import type { Act } from '../../src/contract/acts.ts';
import type { Digest } from '../../src/contract/digest.ts';
import {
  appendAct,
  newestAct,
  quarantineOf,
  readActs,
  refuseQuarantined,
  setQuarantine,
} from '../../src/records/acts.ts';
import { holdOf } from '../../src/records/target.ts';
import { createTarget } from './deployments.ts';
import { TARGET } from './plan.ts';
import { scratchStore } from './scratch.ts';

const AT = '2026-11-23T09:00:00.000Z';
const DIGEST: Digest = `sha256:${'a'.repeat(64)}`;
const HOLD: Act = { kind: 'hold', by: 'slipway', reason: 'rolled back' };
const RESUME: Act = { kind: 'resume', by: 'ada', reason: 'seen' };
const QUARANTINE = { kind: 'quarantine', digest: DIGEST, by: 'slipway', reason: 'bad' } as const;
const UNQUARANTINE = { kind: 'unquarantine', digest: DIGEST, by: 'ada', reason: 'good after all' } as const;

async function openTarget() {
  const { artifacts } = await scratchStore();
  const { store, deploy } = createTarget(artifacts);
  const append = (act: Act, key: string, since?: number) =>
    appendAct(store, { target: TARGET, act, key, at: AT, ...(since !== undefined && { since }) });
  return { artifacts, store, deploy, append };
}

describe('the acts of a target', () => {
  test('are numbered from 1, and each names the one before it and the newest deployment', async () => {
    const { store, deploy, append } = await openTarget();
    expect(await newestAct(store, TARGET)).toBeNull();
    const first = await append(HOLD, 'one');
    await deploy();
    const second = await append(RESUME, 'two');
    expect(first).toMatchObject({
      target: 'staging/storefront',
      number: 1,
      previous: null,
      after: 0,
      at: AT,
      act: HOLD,
    });
    expect(second).toMatchObject({ number: 2, previous: first.digest, after: 1, act: RESUME });
    expect(await readActs(store, TARGET)).toEqual([first, second]);
    expect(await newestAct(store, TARGET)).toEqual(second);
  });

  test('sealed at once by many are without gaps, and hang together', async () => {
    const { store, append } = await openTarget();
    const sealed = await Promise.all(Array.from({ length: 12 }, (_, n) => append(HOLD, `wish ${n}`)));
    const acts = await readActs(store, TARGET);
    expect(acts.map(({ number }) => number)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
    expect(acts.map(({ previous }) => previous)).toEqual([null, ...acts.slice(0, -1).map(({ digest }) => digest)]);
    expect(new Set(sealed.map(({ digest }) => digest))).toEqual(new Set(acts.map(({ digest }) => digest)));
  });

  test('sealed again with the same key are the same one, whatever came between', async () => {
    const { store, append } = await openTarget();
    const first = await append(HOLD, 'one');
    await append(RESUME, 'two');
    expect(await append(HOLD, 'one')).toEqual(first);
    expect(await readActs(store, TARGET)).toHaveLength(2);
  });

  test('that follow from a record are looked for as far back as that record goes', async () => {
    const { store, deploy, append } = await openTarget();
    await deploy();
    const first = await append(HOLD, 'staging/storefront/1:hold', 1);
    for (let n = 0; n < 40; n += 1) await append(n % 2 === 0 ? RESUME : HOLD, `later ${n}`);
    expect(await append(HOLD, 'staging/storefront/1:hold', 1)).toEqual(first);
    expect(await readActs(store, TARGET)).toHaveLength(41);
  });

  test('of two targets of one component are two chains', async () => {
    const { store, append } = await openTarget();
    await append(HOLD, 'one');
    const production = { ...TARGET, environment: 'production' };
    expect(await appendAct(store, { target: production, act: HOLD, key: 'one', at: AT })).toMatchObject({ number: 1 });
    expect(await holdOf(store, { ...TARGET, environment: 'staging-2' })).toBeNull();
  });
});

describe('a hold', () => {
  test('is in force from the newest hold until the next resume', async () => {
    const { store, append } = await openTarget();
    expect(await holdOf(store, TARGET)).toBeNull();
    await append(HOLD, 'one');
    expect(await holdOf(store, TARGET)).toEqual({ by: 'slipway', reason: 'rolled back', since: AT });
    await append(QUARANTINE, 'two');
    expect(await holdOf(store, TARGET)).not.toBeNull();
    await append(RESUME, 'three');
    expect(await holdOf(store, TARGET)).toBeNull();
    await append({ ...HOLD, reason: 'again' }, 'four');
    expect(await holdOf(store, TARGET)).toMatchObject({ reason: 'again' });
  });
});

describe('a quarantine', () => {
  test('lasts until a person lifts it, and may come back', async () => {
    const { store } = await openTarget();
    expect(await quarantineOf(store, DIGEST)).toEqual({ quarantined: false, count: 0 });
    await setQuarantine(store, QUARANTINE, 'one');
    expect(await quarantineOf(store, DIGEST)).toEqual({ quarantined: true, count: 1 });
    await setQuarantine(store, UNQUARANTINE, 'two');
    expect(await quarantineOf(store, DIGEST)).toEqual({ quarantined: false, count: 2 });
    await setQuarantine(store, QUARANTINE, 'three');
    expect(await quarantineOf(store, DIGEST)).toEqual({ quarantined: true, count: 3 });
  });

  test('set twice, or lifted twice, changes once', async () => {
    const { store } = await openTarget();
    await setQuarantine(store, UNQUARANTINE, 'none to lift');
    expect(await quarantineOf(store, DIGEST)).toEqual({ quarantined: false, count: 0 });
    await Promise.all([1, 2, 3, 4].map((n) => setQuarantine(store, QUARANTINE, `at once ${n}`)));
    expect(await quarantineOf(store, DIGEST)).toEqual({ quarantined: true, count: 1 });
  });

  test('that a person has lifted is not brought back by an activity that is repeated', async () => {
    const { store } = await openTarget();
    await setQuarantine(store, QUARANTINE, 'staging/storefront/1:quarantine');
    await setQuarantine(store, UNQUARANTINE, 'lifted');
    await setQuarantine(store, QUARANTINE, 'staging/storefront/1:quarantine');
    expect(await quarantineOf(store, DIGEST)).toEqual({ quarantined: false, count: 2 });
  });

  test('is of one digest, and says how it is lifted', async () => {
    const { store } = await openTarget();
    await setQuarantine(store, QUARANTINE, 'one');
    await expect(refuseQuarantined(store, DIGEST)).rejects.toMatchObject({
      code: 'QUARANTINED',
      message: expect.stringContaining(`slipway unquarantine ${DIGEST}`) as string,
    });
    await expect(refuseQuarantined(store, `sha256:${'b'.repeat(64)}`)).resolves.toBeUndefined();
  });
});
