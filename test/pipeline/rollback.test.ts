import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manifestWith } from './shop.ts';
import { openPlatform, TARGET, type OpenPlatform } from './setting.ts';

const WRONG_PAGE = { smoke: '[{ name: price, path: /, includes: "price", at: [live] }]' };
const ADA = { by: 'ada', reason: 'looked at it' };

let platform: OpenPlatform;
beforeAll(async () => {
  platform = await openPlatform();
});
afterAll(() => platform?.close());

const valid = (id: string) => ({ id, verdict: 'VALID', clause: null, reason: null });
const lane = () => platform.slipway.lane(TARGET);

describe.sequential('a target that goes wrong and comes back', () => {
  test('a first deployment that fails live is taken out of service again', async () => {
    const record = await platform.deploy(platform.shop.version({ text: 'bad', manifest: manifestWith(WRONG_PAGE) }));
    expect(record).toMatchObject({
      result: 'rolled-back',
      failure: { code: 'SMOKE_FAILED', clause: '§10', stage: 'post-deploy-verification' },
      rollback: { trigger: 'SMOKE_FAILED', to: null, outcome: 'removed' },
    });
    expect(record.failure?.message).toContain('NO_KNOWN_HEALTHY_RELEASE');
    expect((await platform.observe()).live).toBeNull();
    expect(await platform.verify('staging/web/1')).toEqual(valid('staging/web/1'));
    expect(await lane()).toMatchObject({ hold: { by: 'slipway' }, live: null, generation: 2 });
  });

  test('a held target queues an ordinary order until a person resumes it', async () => {
    const submission = await platform.order(platform.shop.version({ text: 'one' }), 'held');
    expect(submission).toMatchObject({ deploymentId: null, position: 1 });
    expect(await platform.slipway.resume(TARGET, ADA)).toMatchObject({ hold: null });
    const record = await platform.slipway.follow(submission);
    expect(record).toMatchObject({ deploymentId: 'staging/web/2', result: 'completed' });
    expect(await platform.page()).toBe('web one');
  });

  test('a version that fails live goes back to the one before, which answers at once', async () => {
    const before = await platform.observe();
    const record = await platform.deploy(platform.shop.version({ text: 'two', manifest: manifestWith(WRONG_PAGE) }));
    expect(record).toMatchObject({
      result: 'rolled-back',
      rollback: { trigger: 'SMOKE_FAILED', to: { digest: before.live?.digest }, outcome: 'restored' },
    });
    expect(await platform.page()).toBe('web one');
    expect(await platform.observe()).toMatchObject({ live: before.live, generation: before.generation + 2 });
    expect(await platform.verify('staging/web/3')).toEqual(valid('staging/web/3'));
  });

  test('its digest is quarantined: the same revision is stopped at Build until a person lifts that', async () => {
    await platform.slipway.resume(TARGET, ADA);
    const failed = await platform.slipway.deployment('staging/web/3');
    const again = { change: 'CHG-3', revision: failed.source?.revision ?? '' };
    const stopped = await platform.deploy(again);
    expect(stopped).toMatchObject({
      result: 'failed',
      failure: { code: 'QUARANTINED', stage: 'build', clause: '§12' },
    });
    const digest = failed.artifact?.digest ?? 'sha256:';
    await expect(platform.slipway.unquarantine(TARGET, `sha256:${'0'.repeat(64)}`, ADA)).rejects.toMatchObject({
      code: 'ACT_REFUSED',
    });
    await platform.slipway.unquarantine(TARGET, digest, ADA);
    expect(await platform.deploy(again)).toMatchObject({ result: 'rolled-back', failure: { code: 'SMOKE_FAILED' } });
  });

  test('a rollback on request goes through all seven stages, passes the hold, and quarantines what it replaced', async () => {
    await platform.slipway.resume(TARGET, ADA);
    const good = await platform.deploy(platform.shop.version({ text: 'three' }));
    expect(good.result).toBe('completed');
    const order = { target: TARGET, by: 'ada', reason: 'customers complain', version: null };
    const record = await platform.slipway.follow(await platform.slipway.rollback(order));
    expect(record).toMatchObject({
      result: 'completed',
      change: { id: 'rollback:staging/web/2', reason: 'customers complain', requestedBy: 'ada' },
      from: { digest: good.artifact?.digest },
    });
    expect(record.stages).toHaveLength(7);
    expect(await platform.page()).toBe('web one');
    const replaced = { change: good.change.id, revision: good.source?.revision ?? '' };
    expect(await platform.deploy(replaced)).toMatchObject({ result: 'failed', failure: { code: 'QUARANTINED' } });
    const none = await platform.slipway.follow(await platform.slipway.rollback(order));
    expect(none).toMatchObject({ result: 'rejected', failure: { code: 'NO_RELEASE_TO_RETURN_TO', clause: '§13' } });
  });

  test('every record of the target is VALID, whatever its result', async () => {
    const { n } = (await lane()) ?? { n: 0 };
    for (let number = 1; number <= n; number += 1) {
      const id = `${TARGET}/${number}`;
      expect(await platform.verify(id)).toEqual(valid(id));
    }
  });
});
