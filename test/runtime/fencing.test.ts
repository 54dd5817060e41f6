import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { activation, createWorld, get, shop, type World } from './world.ts';

describe('a runtime that compares generations', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
    await world.start();
  });
  afterEach(() => world.end());

  it('gives the same answer again when an activation’s answer was lost, and starts nothing', async () => {
    const request = activation(shop, await world.server(1), 1);
    const answer = await world.driver.activate(request);
    expect(answer.observation).toMatchObject({ generation: 1, live: request.release, instance: { state: 'ready' } });
    expect(await world.driver.activate(request)).toEqual(answer);
  });

  it('refuses a stale activation and changes nothing', async () => {
    await world.driver.activate(activation(shop, await world.server(1), 1));
    const before = await world.driver.observe(shop);
    const late = activation(shop, await world.server(2), 1);
    await expect(world.driver.activate(late)).rejects.toMatchObject({
      code: 'STALE_GENERATION',
      message: expect.stringContaining('generation 1') as string,
    });
    expect(await world.driver.observe(shop)).toEqual(before);
  });

  it('burns the generation of an activation that never came, so that it stays away when it comes late', async () => {
    const [v1, v2] = [await world.server(1), await world.server(2)];
    await world.driver.activate(activation(shop, v1, 1));
    const restoration = { target: shop, deploymentId: v2.deploymentId, generation: 2, to: v1 };
    const burned = await world.driver.restore(restoration);
    expect(burned).toMatchObject({ outcome: 'burned', observation: { generation: 2, live: v1 } });
    await expect(world.driver.activate(activation(shop, v2, 2))).rejects.toMatchObject({ code: 'STALE_GENERATION' });
    expect(await world.driver.restore(restoration)).toEqual(burned);
    expect((await get(burned.observation.address)).body).toBe('v1');
  });

  it('leaves an activation as it is where there is nothing to return to, however often it is asked', async () => {
    const [v1, v2] = [await world.server(1), await world.server(2)];
    await world.driver.activate(activation(shop, v1, 1));
    const { observation } = await world.driver.activate(activation(shop, v2, 2));
    const saved = await readFile(join(world.folder, 'state.json'), 'utf8');
    const restoration = { target: shop, deploymentId: v2.deploymentId, generation: 2, to: v1 };
    const leave = { ...restoration, whenActivated: 'leave' } as const;
    const left = { outcome: 'left', observation, instanceFolderHashes: null };
    expect(await world.driver.restore(leave)).toEqual(left);
    expect(await world.driver.restore(leave)).toEqual(left);
    expect(await readFile(join(world.folder, 'state.json'), 'utf8')).toBe(saved);
    expect((await get(observation.address)).body).toBe('v2');
    expect((await world.driver.restore(restoration)).outcome).toBe('restored');
  });

  it('keeps an activation away that has not come yet, also where one that came would be left', async () => {
    const release = await world.server(1);
    const burned = await world.driver.restore({
      target: shop,
      deploymentId: release.deploymentId,
      generation: 1,
      to: null,
      whenActivated: 'leave',
    });
    expect(burned).toMatchObject({ outcome: 'burned', observation: { generation: 1, live: null } });
    const late = world.driver.activate(activation(shop, release, 1));
    await expect(late).rejects.toMatchObject({ code: 'STALE_GENERATION' });
  });

  it('leaves a later deployment alone when an earlier one wants to go back', async () => {
    const [v1, v2, v3] = [await world.server(1), await world.server(2), await world.server(3)];
    for (const [index, release] of [v1, v2, v3].entries()) {
      await world.driver.activate(activation(shop, release, index + 1));
    }
    const late = await world.driver.restore({ target: shop, deploymentId: v2.deploymentId, generation: 2, to: v1 });
    expect(late).toMatchObject({ outcome: 'superseded', observation: { generation: 3, live: v3 } });
  });

  it('takes only one of two deployments that both start from what they saw', async () => {
    const releases = [await world.server(1), await world.server(2)];
    const answers = await Promise.allSettled(
      releases.map((release) => world.driver.activate(activation(shop, release, 1))),
    );
    expect(answers.map((answer) => answer.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect((await world.driver.observe(shop)).generation).toBe(1);
  });
});
