import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processesMarked } from '../../src/process.ts';
import { hang, MOODY } from './moody.ts';
import { activation, createWorld, get, shop, until, type World } from './world.ts';

/** Milliseconds: what is let go is asked to end after the first, and killed after the second. */
const DRAIN = 300;
const GRACE = 2_000;
/** Milliseconds that a loaded machine may take to do so. */
const SLACK = 1_500;

describe('an instance that is let go', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
    await world.start({ drainWithin: DRAIN });
  });
  afterEach(() => world.end());

  const isRunning = (id: string | undefined) => processesMarked(`SLIPWAY_INSTANCE=${id}`).length > 0;
  async function goneWithin(id: string | undefined, limit: number): Promise<void> {
    const begun = performance.now();
    await until(async () => !isRunning(id));
    expect(performance.now() - begun).toBeLessThan(limit + SLACK);
  }

  it.each([
    ['ends as soon as its drain is over', MOODY, DRAIN],
    ['and takes no notice is killed after its grace', `process.on('SIGTERM', () => {}); ${MOODY}`, DRAIN + GRACE],
  ])('after a restoration %s, whatever hangs on it; what is live again stays', async (_case, source, limit) => {
    const v1 = await world.server(1);
    const good = (await world.driver.activate(activation(shop, v1, 1))).observation;
    const bad = (await world.driver.activate(activation(shop, await world.server(2, {}, source), 2))).observation;
    const { gone } = await hang(bad.address);
    await world.driver.restore({ target: shop, deploymentId: 'staging/shop/2', generation: 2, to: v1 });
    expect(isRunning(bad.instance?.id)).toBe(true);
    await goneWithin(bad.instance?.id, limit);
    await gone;
    expect(isRunning(good.instance?.id)).toBe(true);
    expect((await get(good.address)).body).toBe('v1');
  });

  it('after it was kept warm is gone once it is retired', async () => {
    const first = (await world.driver.activate(activation(shop, await world.server(1, {}, MOODY), 1))).observation;
    const { gone } = await hang(first.address);
    await world.driver.activate(activation(shop, await world.server(2), 2));
    await gone;
    expect(isRunning(first.instance?.id)).toBe(true);
    await world.driver.retire({ target: shop, deploymentId: 'staging/shop/2' });
    expect(isRunning(first.instance?.id)).toBe(false);
    expect((await get(first.address)).body).toBe('v2');
  });
});
