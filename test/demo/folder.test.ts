import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prepareFolder } from '../../src/demo/folder.ts';
import { whyNoSandbox } from '../../src/demo/sandbox.ts';
import { readStory } from '../../src/demo/story.ts';
import { lockFolder } from '../../src/locks/folder.ts';

const story = await readStory('first-week');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-demo-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the folder of a demo', () => {
  test('holds the platform file of the story and an empty repository, and nothing of an earlier demo', async () => {
    const artifact = join(folder, '.slipway', 'runtime', 'artifact');
    await mkdir(artifact, { recursive: true });
    await writeFile(join(artifact, 'server.mjs'), 'old');
    await chmod(artifact, 0o555);
    const { loaded, source, release } = await prepareFolder(folder, story, null);
    expect(source).toBe('shop');
    expect(loaded.platform.build.sandbox).toBe('auto');
    const expected = ['.slipway', 'keys', 'platform.yaml', 'shop', 'shop.git', 'up.lock'];
    expect((await readdir(folder)).toSorted()).toEqual(expected);
    expect(await readdir(join(folder, '.slipway'))).toEqual(['keys']);
    await release();
    expect(await readdir(folder)).not.toContain('up.lock');
  });

  test('has keys of its own, whose public halves stand in its platform file', async () => {
    const { loaded, keys, release } = await prepareFolder(folder, story, null);
    const names = ['orchestrator-1', 'builder-1', 'deployer-staging-1'];
    expect(loaded.platform.trust?.keys.map(({ name }) => name)).toEqual(names);
    const [own = ''] = await readdir(keys);
    const lying = await readdir(join(keys, own));
    expect(lying.toSorted()).toEqual([...names.map((name) => `${name}.pem`), 'public'].toSorted());
    await release();
  });

  test('has `sandbox: none` written out in the platform file where no sandbox works', async () => {
    const none = await whyNoSandbox({ root: false, programs: '/nowhere' });
    expect(none).toMatch(/No sandbox works here/);
    const { loaded, release } = await prepareFolder(folder, story, 'none');
    expect(await readFile(loaded.file, 'utf8')).toMatch(/^build: \{ sandbox: none, /m);
    expect(loaded.platform.build.sandbox).toBe('none');
    await release();
  });

  test.each([
    ['another demo', (state: string) => state],
    ['slipway up', (state: string) => join(state, '.slipway')],
  ])('is left alone while %s runs on it', async (_, held) => {
    await writeFile(join(folder, 'platform.yaml'), 'theirs');
    const lock = await lockFolder(held(folder));
    await expect(prepareFolder(folder, story, null)).rejects.toMatchObject({ code: 'ALREADY_UP' });
    expect(await readFile(join(folder, 'platform.yaml'), 'utf8')).toBe('theirs');
    await lock.release();
  });
});
