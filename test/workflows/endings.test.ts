import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { saysNo, isOut } from './doings.ts';
import { digestOf } from './fake-target.ts';
import { openSetting, type Setting } from './setting.ts';
import { attributeOf } from './test-target.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await openSetting();
});
afterAll(() => setting.close());

test.concurrent('a change that intake refuses is rejected, and no stage after it begins', async () => {
  const target = setting.newTarget();
  target.script({ admitChange: saysNo('UNDOCUMENTED_CHANGE', 'commit 4f0c1d2 names no change') });

  const record = await target.carryOut('one');
  expect(record).toMatchObject({
    result: 'rejected',
    failure: {
      code: 'UNDOCUMENTED_CHANGE',
      clause: '§5',
      stage: 'change-intake',
      message: 'commit 4f0c1d2 names no change',
    },
    stages: [{ stage: 'change-intake', result: 'failed' }],
    artifact: null,
    rollback: null,
  });
  expect(target.calls('buildArtifact')).toEqual([]);
  expect(target.calls('restoreRelease')).toEqual([]);
  expect(target.records()).toEqual([record]);
});

test.concurrent('a deployment that did not complete is a Failed workflow, named by its code, with the record in its details', async () => {
  const target = setting.newTarget();
  target.script({ admitChange: saysNo('SCOPE_EXCEEDED') });
  const record = await target.carryOut('one');

  const error: unknown = await target
    .deployment(1)
    .result()
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  expect((error as WorkflowFailedError).cause).toMatchObject({ type: 'SCOPE_EXCEEDED', details: [record] });
  expect((await target.deployment(1).describe()).status.name).toBe('FAILED');
  expect(await attributeOf(target.deployment(1), 'result')).toBe('rejected');
});

test.concurrent('an error of ours during intake says nothing about the change: failed, not rejected', async () => {
  const target = setting.newTarget();
  target.script({ admitChange: isOut('SOURCE_UNAVAILABLE') });

  expect(await target.carryOut('one')).toMatchObject({
    result: 'failed',
    failure: { code: 'SOURCE_UNAVAILABLE', stage: 'change-intake' },
  });
  expect(target.calls('admitChange').length).toBeGreaterThan(10);
});

test.concurrent.for([
  ['buildArtifact', 'build', 'NOT_REPRODUCIBLE'],
  ['verifyArtifact', 'verification', 'VERIFICATION_INCONCLUSIVE'],
  ['markReleased', 'release', 'ARTIFACT_CORRUPT'],
] as const)(
  'a change that %s says no to has failed, its evidence is named, and the runtime is left alone',
  async ([activity, stage, code]) => {
    const target = setting.newTarget();
    const evidence = digestOf('what it had by then');
    target.script({ [activity]: saysNo(code, 'no', { evidence }) });

    const { result, failure, stages } = await target.carryOut('one');
    expect({ result, code: failure?.code, stage: failure?.stage }).toEqual({ result: 'failed', code, stage });
    expect(stages.at(-1)).toMatchObject({ stage, result: 'failed', evidence });
    expect(target.calls('activateRelease')).toEqual([]);
    expect(target.calls('restoreRelease')).toEqual([]);
  },
);

test.concurrent('an activation that was refused has changed nothing: failed, without a rollback', async () => {
  const target = setting.newTarget();
  target.script({ activateRelease: saysNo('PORT_TAKEN') });

  expect(await target.carryOut('one')).toMatchObject({
    result: 'failed',
    failure: { code: 'PORT_TAKEN' },
    rollback: null,
  });
  expect(target.calls('restoreRelease')).toHaveLength(1); // it is asked all the same: the answer may have been lost
  expect(target.runtime()).toEqual({ generation: 1, live: null }); // burned: a late activation is stale
});

test.concurrent.for([
  ['observeRelease', 'SMOKE_FAILED', 'SMOKE_FAILED'],
  ['observeRelease', 'HEALTH_DEGRADED', 'HEALTH_DEGRADED'],
  ['observeRelease', 'UNAVAILABLE', 'VERIFICATION_FAILED'],
  ['complete', 'DEFINITION_OF_DONE_VIOLATED', 'DEFINITION_OF_DONE_VIOLATED'],
] as const)(
  'after Deploy, %s that says %s goes back to the version before (§12)',
  async ([activity, code, trigger]) => {
    const target = setting.newTarget();
    const first = await target.carryOut('one');
    target.script({ [activity]: saysNo(code) });

    const record = await target.carryOut('two');
    expect(record).toMatchObject({
      result: 'rolled-back',
      failure: { code },
      from: first.artifact,
      rollback: { trigger, to: first.artifact, within: 30_000, outcome: 'restored' },
    });
    expect(record.rollback?.restoredAt).not.toBeNull();
    expect(target.runtime()).toMatchObject({ generation: 3, live: first.artifact });
    expect(target.acts().map(({ kind }) => kind)).toEqual(['quarantine', 'hold']);
  },
);

test.concurrent('after Deploy, an error of ours that outlasts its bound goes back too, and counts against no digest', async () => {
  const target = setting.newTarget();
  target.script({ observeRelease: isOut('RUNTIME_UNAVAILABLE') });

  expect(await target.carryOut('one')).toMatchObject({
    result: 'rolled-back',
    failure: { code: 'RUNTIME_UNAVAILABLE', stage: 'post-deploy-verification' },
    rollback: { trigger: 'VERIFICATION_FAILED' },
  });
  expect(target.acts().map(({ kind }) => kind)).toEqual(['hold']);
});

test.concurrent('a first deployment has nothing to return to: it is taken out of service, and the record says so', async () => {
  const target = setting.newTarget();
  target.script({ observeRelease: saysNo('SMOKE_FAILED', 'home page: 500') });

  const record = await target.carryOut('one');
  expect(record).toMatchObject({ result: 'rolled-back', from: null, rollback: { to: null, outcome: 'removed' } });
  expect(record.failure?.message).toContain('NO_KNOWN_HEALTHY_RELEASE');
  expect(target.runtime()).toEqual({ generation: 2, live: null });
});

test.concurrent('a deployment whose record stands already returns that record: a run that was reset does nothing twice', async () => {
  const target = setting.newTarget();
  const sealed = await target.carryOut('one');
  target.script({ admitChange: saysNo('EVIDENCE_REUSED', 'has ended', { sealed }) });

  expect(await target.carryOut('two')).toEqual(sealed);
  expect((await target.deployment(2).describe()).status.name).toBe('COMPLETED');
  expect(target.calls('restoreRelease')).toEqual([]);
});

test.concurrent('a completed deployment whose last answer was lost is completed: its record was sealed first', async () => {
  const target = setting.newTarget();
  target.script({
    complete: async (input, usual) => {
      await usual(input);
      return saysNo('DEFINITION_OF_DONE_VIOLATED')();
    },
    restoreRelease: async () => ({ outcome: 'recorded', after: target.runtime() }),
  });

  expect(await target.carryOut('one')).toMatchObject({ result: 'completed', failure: null, rollback: null });
  expect(target.runtime()).toMatchObject({ generation: 1, live: { deploymentId: `${target.name}/1` } });
});
