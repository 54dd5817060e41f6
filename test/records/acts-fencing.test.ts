import { expect, test } from 'vitest';
import { appendAct, quarantineOf, readActs, setQuarantine } from '../../src/records/acts.ts';
import { sealConsequences } from '../../src/records/consequences.ts';
import { createTarget } from './deployments.ts';
import { TARGET } from './plan.ts';
import { scratchStore } from './scratch.ts';

const AT = '2026-11-23T12:00:00.000Z';

test('an act whose answer was lost is the same act, however many were sealed before it is repeated', async () => {
  const { artifacts } = await scratchStore();
  const store = artifacts.component(TARGET.component);
  const seal = (key: string) =>
    appendAct(store, { target: TARGET, key, at: AT, act: { kind: 'resume', by: 'ada', reason: key } });
  const first = await seal('first');
  for (let other = 1; other <= 40; other += 1) await seal(`other ${other}`);
  expect(await seal('first')).toEqual(first);
  expect(await readActs(store, TARGET)).toHaveLength(41);
});

test('a quarantine that two targets asked for, and a person lifted, is not brought back by what is repeated', async () => {
  const { artifacts } = await scratchStore();
  const staging = createTarget(artifacts);
  const production = createTarget(artifacts, { target: { ...TARGET, environment: 'production' } });
  const ends = { stage: 'post-deploy-verification', code: 'SMOKE_FAILED', restored: 'removed' } as const;
  await staging.deploy({ text: 'bad', ends });
  const second = await production.deploy({ text: 'bad', ends });
  const { digest } = second.record.artifact!;
  const { store } = staging;
  await setQuarantine(store, { kind: 'unquarantine', digest, by: 'ada', reason: 'it was the network' }, 'lifted');
  await sealConsequences(store, second);
  expect(await quarantineOf(store, digest)).toMatchObject({ quarantined: false });
});
