import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Failpoint } from '../../src/failpoints.ts';
import { openPlatform, TARGET, type OpenPlatform } from './setting.ts';
import { manifestWith } from './shop.ts';

/** Fails where it is live, and nowhere before. */
const WRONG_PAGE = manifestWith({ smoke: '[{ name: price, path: /, includes: "price", at: [live] }]' });

let platform: OpenPlatform;
beforeAll(async () => {
  platform = await openPlatform();
  await platform.deploy(platform.shop.version({ text: 'zero' }));
});
afterAll(() => platform?.close());

/** Who died, by the name that `up` knows it by. */
async function whoDied(pids: ReadonlyMap<string, number>): Promise<string | undefined> {
  const pid = /process ([0-9]+)/.exec(await readFile(`${platform.drill}.died`, 'utf8'))?.[1];
  return [...pids].find(([, known]) => known === Number(pid))?.[0];
}

/** Who dies where, and what the effect is about: N is the deployment's number. */
const CASES: readonly (readonly [who: string, Failpoint, about: string])[] = [
  ['deployer-staging', 'store.claim-ref:in', 'outcome.staging.N'],
  ['deployer-staging', 'store.claim-ref:after', 'outcome.staging.N'],
  ['runtime', 'driver.save-target:in', `${TARGET} restored`],
  ['runtime', 'driver.save-target:after', `${TARGET} restored`],
  ['runtime', 'driver.end-instance:in', ''],
  ['orchestrator', 'store.claim-ref:in', 'record.staging.N'],
  ['orchestrator', 'store.claim-ref:after', 'record.staging.N'],
];

describe.sequential('a deployment that fails live is rolled back, though', () => {
  test.each(CASES)('the %s is killed at %s %s', async (who, failpoint, about) => {
    const { n, hold, live } = await platform.settled();
    if (hold !== null) await platform.slipway.resume(TARGET, { by: 'ada', reason: 'seen' });
    const pids = platform.running.pids();
    const version = platform.shop.version({ text: `version ${n + 1}`, manifest: WRONG_PAGE });
    await writeFile(platform.drill, `${failpoint} ${about.replace('N', `${n + 1}`)}`);
    const record = await platform.deploy(version);
    const id = `${TARGET}/${n + 1}`;
    expect(record).toMatchObject({
      deploymentId: id,
      result: 'rolled-back',
      failure: { code: 'SMOKE_FAILED' },
      rollback: { trigger: 'SMOKE_FAILED', outcome: 'restored', to: { digest: live?.digest } },
    });
    const lane = await platform.settled();
    expect(await whoDied(pids)).toBe(who);
    expect(await platform.verify(id)).toEqual({ id, verdict: 'VALID', clause: null, reason: null });
    expect(await platform.observe()).toMatchObject({ live, warm: null, generation: lane.generation });
    expect(lane).toMatchObject({ n: n + 1, live, running: null, hold: { by: 'slipway' } });
    expect(await platform.page()).toBe('web zero');
  });
});
