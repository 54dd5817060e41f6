import { describe, expect, test } from 'vitest';
import { createRollback } from '../../activities/rollback.ts';
import type { LiveRelease } from '../../src/contract/release.ts';
import { isDecided, readOutcome } from '../../src/records/record.ts';
import { TARGET } from '../records/plan.ts';
import { failureOf, openPlatform, run } from './setting.ts';

/** A deployment that was released; the one before it, if there is one, is live. */
async function openRestoration({ isFirst = false, isActive = true } = {}) {
  const platform = await openPlatform();
  if (!isFirst) await platform.deployed();
  const running = await platform.target.begin();
  await running.passUpTo('release');
  const { deploymentId, generation, release, from: to } = running;
  const input = { deploymentId, generation: generation + 1, to };
  const live: LiveRelease = { ...release, deploymentId };
  if (isActive) await platform.runtime.driver.activate({ target: TARGET, ...input, release: live });
  const { restoreRelease, retireRelease } = createRollback(platform.deps);
  return { ...platform, running, input, live, to, restoreRelease, retireRelease };
}

describe('a restoration', () => {
  test('brings back what change intake saw, under the generation after the one that it undoes', async () => {
    const { restoreRelease, input, runtime, to, store } = await openRestoration();
    const after = { generation: 3, live: to };
    expect(await run(restoreRelease, input)).toEqual({ outcome: 'restored', after, data: { how: 'not-written' } });
    expect(runtime.state()).toEqual(after);
    expect(await readOutcome(store, input.deploymentId)).toBe('restoration');
  });

  test('asked again, says the same and changes nothing', async () => {
    const { restoreRelease, input, runtime } = await openRestoration();
    const first = await run(restoreRelease, input);
    expect(await run(restoreRelease, input)).toEqual(first);
    expect(runtime.state().generation).toBe(3);
  });

  test('of a first deployment takes it out of service', async () => {
    const { restoreRelease, input } = await openRestoration({ isFirst: true });
    expect(await run(restoreRelease, input)).toEqual({
      outcome: 'removed',
      after: { generation: 2, live: null },
      data: { how: 'not-written' },
    });
  });

  test('of a deployment that never became live burns its generation: nothing was changed, and nothing will be', async () => {
    const { restoreRelease, input, runtime, to, live } = await openRestoration({ isActive: false });
    expect(await run(restoreRelease, input)).toEqual({ outcome: 'unchanged', after: { generation: 2, live: to } });
    const late = runtime.driver.activate({ target: TARGET, ...input, release: live });
    await expect(late).rejects.toMatchObject({ code: 'STALE_GENERATION' });
  });

  test('whose generation somebody else has made vouches for what was before, not for what he left', async () => {
    const { restoreRelease, input, runtime, to, live } = await openRestoration({ isActive: false });
    runtime.set({ generation: 2, live: { ...live, deploymentId: 'staging/storefront/9' } });
    expect(await run(restoreRelease, input)).toEqual({ outcome: 'unchanged', after: { generation: 1, live: to } });
  });

  test('of a runtime that has moved on is superseded, and vouches for nothing', async () => {
    const { restoreRelease, input, runtime, live } = await openRestoration();
    const moved = { generation: 5, live };
    runtime.set(moved);
    expect(await run(restoreRelease, input)).toEqual({ outcome: 'superseded', after: null });
    expect(runtime.state()).toEqual(moved);
  });

  test('is of no effect once the completed record stands', async () => {
    const { restoreRelease, input, runtime, running } = await openRestoration();
    const { after } = await running.end();
    expect(await run(restoreRelease, input)).toEqual({ outcome: 'recorded', after });
    expect(runtime.calls).not.toContain('restore');
  });

  test('is tried again for as long as the runtime does not answer', async () => {
    const { restoreRelease, input, runtime } = await openRestoration();
    runtime.away();
    expect(await failureOf(run(restoreRelease, input))).toMatchObject({ code: 'RUNTIME_UNAVAILABLE', retried: true });
    runtime.away(false);
    expect(await run(restoreRelease, input)).toMatchObject({ outcome: 'restored' });
  });
});

describe('whoever asks for another restoration than that of the deployment’s own change intake is refused', () => {
  type Input = Awaited<ReturnType<typeof openRestoration>>['input'];
  test.each<[string, (input: Input) => Input]>([
    ['to nothing', (input) => ({ ...input, to: null })],
    ['to other bytes', (input) => ({ ...input, to: { ...input.to!, digest: `sha256:${'0'.repeat(64)}` } })],
    ['to another version', (input) => ({ ...input, to: { ...input.to!, version: 'another' } })],
    [
      'to the release of another deployment',
      (input) => ({ ...input, to: { ...input.to!, deploymentId: 'staging/storefront/9' } }),
    ],
    ['of an older generation', (input) => ({ ...input, generation: 1 })],
    ['of a newer generation', (input) => ({ ...input, generation: 3 })],
    ['of a deployment that was never admitted', (input) => ({ ...input, deploymentId: 'staging/storefront/9' })],
  ])('%s', async (_, change) => {
    const { restoreRelease, input, runtime, store } = await openRestoration();
    const before = runtime.state();
    const said = await failureOf(run(restoreRelease, change(input)));
    expect(said).toMatchObject({ code: 'UNTRUSTED_EVIDENCE', retried: false });
    expect(runtime.state()).toEqual(before);
    expect(await isDecided(store, input.deploymentId)).toBe(false);
  });

  test('in another environment', async () => {
    const { deps, input, runtime } = await openRestoration();
    const { restoreRelease, retireRelease } = createRollback({ ...deps, environment: 'production' });
    for (const attempt of [run(restoreRelease, input), run(retireRelease, input.deploymentId)]) {
      expect(await failureOf(attempt)).toMatchObject({ code: 'UNTRUSTED_EVIDENCE', retried: false });
    }
    expect(runtime.calls).toEqual(['activate']);
  });
});

test('what was kept warm for a deployment is let go of', async () => {
  const { retireRelease, input, runtime } = await openRestoration();
  await run(retireRelease, input.deploymentId);
  expect(runtime.calls.at(-1)).toBe('retire');
});
