import { describe, expect, test } from 'vitest';
import { quarantineOf, readActs, setQuarantine } from '../../src/records/acts.ts';
import { sealConsequences } from '../../src/records/consequences.ts';
import { holdOf } from '../../src/records/target.ts';
import { createTarget } from './deployments.ts';
import { TARGET } from './plan.ts';
import { scratchStore } from './scratch.ts';

const SMOKE = { ends: { stage: 'post-deploy-verification', code: 'SMOKE_FAILED', restored: 'restored' } } as const;

async function openTarget(target = TARGET) {
  const { artifacts } = await scratchStore();
  return createTarget(artifacts, { target });
}

describe('what follows from a record', () => {
  test('is sealed in the target’s chain, and takes effect', async () => {
    const { store, deploy } = await openTarget();
    const { record } = await deploy(SMOKE);
    expect((await readActs(store, TARGET)).map(({ act, key, after }) => [act.kind, key, after])).toEqual([
      ['quarantine', 'staging/storefront/1:quarantine', 1],
      ['hold', 'staging/storefront/1:hold', 1],
    ]);
    expect(await holdOf(store, TARGET)).toMatchObject({
      by: 'slipway',
      reason: 'staging/storefront/1 rolled back: SMOKE_FAILED',
    });
    expect(await quarantineOf(store, record.artifact!.digest)).toMatchObject({ quarantined: true });
  });

  test('holds where the environment of the platform file says so, and only there', async () => {
    const production = { ...TARGET, environment: 'production' };
    const { store, deploy } = await openTarget(production);
    await deploy(SMOKE);
    expect((await readActs(store, production)).map(({ act }) => act.kind)).toEqual(['quarantine']);
    expect(await holdOf(store, production)).toBeNull();
  });

  test('is nothing for a deployment that was never admitted, or that completed', async () => {
    const { store, deploy } = await openTarget();
    await deploy({ ends: { stage: 'change-intake', code: 'SCOPE_EXCEEDED' } });
    await deploy();
    expect(await readActs(store, TARGET)).toEqual([]);
  });

  test('is sealed once, and what a person has lifted since stays lifted', async () => {
    const { store, deploy } = await openTarget();
    const standing = await deploy(SMOKE);
    const digest = standing.record.artifact!.digest;
    await setQuarantine(store, { kind: 'unquarantine', digest, by: 'ada', reason: 'it was the network' }, 'lifted');
    await sealConsequences(store, standing);
    expect(await readActs(store, TARGET)).toHaveLength(2);
    expect(await quarantineOf(store, digest)).toMatchObject({ quarantined: false });
  });
});
