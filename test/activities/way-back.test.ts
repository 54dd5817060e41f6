import { describe, expect, test } from 'vitest';
import { createDeploy } from '../../activities/deploy.ts';
import { createRelease } from '../../activities/release.ts';
import { createRollback } from '../../activities/rollback.ts';
import { readOciManifest } from '../../src/artifacts/oci.ts';
import { SlipwayError } from '../../src/contract/failure.ts';
import type { WayBack } from '../../src/contract/way-back.ts';
import { setQuarantine } from '../../src/records/acts.ts';
import { readEvidence } from '../../src/records/evidence.ts';
import { rollbackOf, TARGET, type Plan } from '../records/plan.ts';
import { handsOn } from '../records/scratch.ts';
import { failureOf, openPlatform, run } from './setting.ts';

/** A first deployment that is live, and a second one that is verified; the real activities carry it on. */
async function openDeparture({ first = {}, second = {} }: { first?: Plan; second?: Plan } = {}) {
  const platform = await openPlatform();
  const before = await platform.target.deploy(first);
  if (before.after !== null) platform.runtime.set(before.after);
  const running = await platform.target.begin(second);
  const { deploymentId } = running;
  const verified = await running.passUpTo('verification');
  const { markReleased } = createRelease(platform.deps);
  const { activateRelease } = createDeploy(platform.deps);
  const { restoreRelease } = createRollback(platform.deps);
  return {
    ...platform,
    before,
    deploymentId,
    hands: handsOn(platform.path, TARGET.component),
    release: () => run(markReleased, { deploymentId, consumes: verified }),
    deploy: async () =>
      run(activateRelease, { deploymentId, consumes: await run(markReleased, { deploymentId, consumes: verified }) }),
    restore: () => run(restoreRelease, { deploymentId, generation: 2, to: before.after?.live ?? null }),
    /** What the sealed evidence says of the way back. */
    async wayBack(): Promise<WayBack | undefined> {
      return (await readEvidence(platform.store, deploymentId, 'deploy'))?.predicate.findings?.wayBack;
    },
  };
}

type Departure = Awaited<ReturnType<typeof openDeparture>>;

/** What Deploy says, which has to leave the runtime as it was. */
async function refused(departure: Departure) {
  const before = departure.runtime.state();
  const said = await failureOf(departure.deploy());
  expect(departure.runtime.calls).not.toContain('activate');
  expect(departure.runtime.state()).toBe(before);
  return said;
}

describe('the way back is proved before the runtime is touched (§13)', () => {
  test('when the release before is whole, and its instance live and well', async () => {
    const departure = await openDeparture();
    const evidence = await departure.deploy();
    expect(departure.runtime.calls.filter((call) => call !== 'observe')).toEqual(['prove', 'activate']);
    const { version, digest } = departure.before.record.artifact!;
    expect(await departure.wayBack()).toEqual({
      state: 'proved',
      to: { version, digest },
      seen: 'its chain and bytes are whole; its instance is live and well, and is kept warm',
    });
    expect(evidence.facts).toEqual(await departure.wayBack());
  });

  test('and needs no proof for a first deployment: the record says so before Deploy', async () => {
    const { target, deps } = await openPlatform();
    const running = await target.begin();
    const consumes = await running.passUpTo('verification');
    const { facts } = await run(createRelease(deps).markReleased, { deploymentId: running.deploymentId, consumes });
    expect(facts).toMatchObject({ state: 'first', to: null });
  });

  test('and is not asked of a rollback, which is itself the way back', async () => {
    const { target, runtime, deps, store } = await openPlatform();
    const first = await target.deploy({ text: 'one' });
    const second = await target.deploy({ text: 'two' });
    runtime.set(second.after!);
    runtime.onProve(async () => Promise.reject(new SlipwayError('ARTIFACT_CORRUPT', 'it is not asked')));
    await setQuarantine(
      store,
      { kind: 'quarantine', digest: second.record.artifact!.digest, by: 'ada', reason: 'bad' },
      'bad',
    );
    const back = await target.begin({ text: 'one', order: rollbackOf('back'), returnTo: first.after!.live! });
    const { deploymentId } = back;
    const consumes = await run(createRelease(deps).markReleased, {
      deploymentId,
      consumes: await back.passUpTo('verification'),
    });
    expect((await run(createDeploy(deps).activateRelease, { deploymentId, consumes })).facts).toMatchObject({
      state: 'unproved',
    });
  });

  test('once: an attempt that is repeated after it had activated says so, and proves nothing on what it switched away from', async () => {
    const departure = await openDeparture();
    const { runtime, deploymentId, target } = departure;
    const { generation } = runtime.state();
    runtime.set({ generation: generation + 1, live: { ...target.released(deploymentId), deploymentId } });
    runtime.onProve(async () => Promise.reject(new SlipwayError('ADDRESS_UNRESOLVED', 'it is not asked')));
    await departure.deploy().catch(() => undefined); // this fake takes no activation twice that it did not make
    expect(runtime.calls).not.toContain('prove');
  });
});

describe('a deployment whose way back is not ready fails, and nothing is switched', () => {
  test('when the bytes of the release before are not whole', async () => {
    const departure = await openDeparture();
    const { layers } = await readOciManifest(departure.store, departure.before.record.artifact!.digest);
    await departure.hands.flip(layers[0].digest);
    expect(await refused(departure)).toMatchObject({ code: 'ROLLBACK_NOT_READY', clause: '§13', retried: false });
  });

  test('when its chain is not whole', async () => {
    const departure = await openDeparture();
    const evidence = departure.before.record.stages[2]?.evidence;
    await departure.hands.remove(evidence!);
    expect(await refused(departure)).toMatchObject({ code: 'ROLLBACK_NOT_READY' });
  });

  test('when its addresses do not resolve', async () => {
    const departure = await openDeparture();
    departure.runtime.onProve(async () =>
      Promise.reject(new SlipwayError('ADDRESS_UNRESOLVED', 'catalog is an agent')),
    );
    const { code, message } = await refused(departure);
    expect(code).toBe('ROLLBACK_NOT_READY');
    expect(message).toContain('catalog is an agent');
    expect(message).toContain('Nothing was switched');
  });

  test('when its secrets are not there', async () => {
    const departure = await openDeparture();
    const missing = new SlipwayError('SECRET_MISSING', 'run.env asks for the secret storefront/key of staging');
    departure.runtime.onProve(async () => Promise.reject(missing));
    const { code, message } = await refused(departure);
    expect(code).toBe('ROLLBACK_NOT_READY');
    expect(message).toContain('asks for the secret storefront/key of staging. Nothing was switched');
  });

  test('when what is live is quarantined, and so not known healthy', async () => {
    const departure = await openDeparture();
    const { digest } = departure.before.record.artifact!;
    await setQuarantine(departure.store, { kind: 'quarantine', digest, by: 'ada', reason: 'bad' }, 'bad');
    const { code, message } = await refused(departure);
    expect(code).toBe('ROLLBACK_NOT_READY');
    expect(message).toContain('which is live, is quarantined');
  });

  test('when the release before cannot read what the new one writes', async () => {
    const departure = await openDeparture({
      first: { data: { reads: [3], writes: 3 } },
      second: { data: { reads: [3, 4], writes: 4 } },
    });
    const { code, message } = await refused(departure);
    expect(code).toBe('ROLLBACK_NOT_READY');
    expect(message).toMatch(
      /reads versions 3 of its data, and \S+ writes 4; a change that is to go out all the same says irreversible: true/,
    );
  });

  test('and a runtime that does not answer is our own fault: it is tried again', async () => {
    const departure = await openDeparture();
    departure.runtime.onProve(async () => Promise.reject(new SlipwayError('RUNTIME_UNAVAILABLE', 'away')));
    expect(await refused(departure)).toMatchObject({ code: 'RUNTIME_UNAVAILABLE', retried: true });
    departure.runtime.onProve(async () => ({ standing: 'live' }));
    await expect(departure.deploy()).resolves.toMatchObject({ stage: 'deploy' });
  });

  test('a version that does not read what the live one writes is DATA_INCOMPATIBLE, whatever its change declares', async () => {
    const departure = await openDeparture({
      first: { data: { reads: [4], writes: 4 } },
      second: { data: { reads: [5], writes: 5 }, irreversible: true },
    });
    const { code, message } = await refused(departure);
    expect(code).toBe('DATA_INCOMPATIBLE');
    expect(message).toContain('let data.reads name that version too');
  });
});

describe('a version without a way back', () => {
  const without = () =>
    openDeparture({
      first: { data: { reads: [3], writes: 3 } },
      second: { data: { reads: [3, 4], writes: 4 }, irreversible: true },
    });

  test('goes out when its change declares that, and the record says so before Deploy', async () => {
    const departure = await without();
    const { facts } = await departure.release();
    expect(facts).toMatchObject({ state: 'none', to: null });
    expect(facts?.seen).toMatch(/reads versions 3 of its data, and \S+ writes 4; CHG-1 declares it/);
    expect((await departure.deploy()).facts).toEqual(facts);
  });

  test('is left as it is when it fails: nothing takes the data back to a release that cannot read it', async () => {
    const departure = await without();
    await departure.deploy();
    const live = departure.runtime.state();
    expect(await departure.restore()).toEqual({ outcome: 'left', after: live });
    expect(departure.runtime.state()).toEqual(live);
  });

  test('that was never activated is burned as every other', async () => {
    const departure = await without();
    await departure.release();
    expect(await departure.restore()).toMatchObject({ outcome: 'unchanged' });
  });

  test('is proved like every other when the release before can read what it writes after all', async () => {
    const departure = await openDeparture({ second: { irreversible: true } });
    await departure.deploy();
    expect(await departure.wayBack()).toMatchObject({ state: 'proved' });
  });
});
