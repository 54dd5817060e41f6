import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeUnpacked } from '../../src/artifacts/image.ts';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import { readSealedBlob } from '../../src/artifacts/sealed.ts';
import type { Digest } from '../../src/contract/digest.ts';
import { digestOf } from '../../src/digest-of.ts';
import { FAILPOINTS, type Failpoint } from '../../src/failpoints.ts';
import { hashFolder } from '../../src/runtime/local/instance-folder.ts';

/** What a process says that it has done, and that has to last from then on. */
interface Done {
  readonly blob?: Digest;
  readonly name?: string;
  readonly stands?: string;
  readonly sealed?: string;
  readonly unpacked?: string;
}

const HOUR = 3_600;
const LONG_AGO = Date.now() / 1_000 - 2 * HOUR;

/** Of all scenes: they are played at the same time. */
let stage: string;

/** A store of which others left two temporary files long ago, and files to make an image of. */
async function openScene() {
  const root = await mkdtemp(join(stage, 'scene-'));
  const [path, files, unpacked, drill] = ['store', 'files', 'unpacked', 'drill'].map((name) => join(root, name)) as [
    string,
    string,
    string,
    string,
  ];
  const layout = join(path, 'storefront');
  const temporary = join(layout, 'tmp');
  await mkdir(join(files, 'lib'), { recursive: true });
  await writeFile(join(files, 'server.mjs'), 'export {};');
  await writeFile(join(files, 'lib/page.html'), '<p>'.repeat(50_000));
  await mkdir(temporary, { recursive: true });
  for (const name of ['one', 'two']) await writeFile(join(temporary, name), 'left');

  async function age(): Promise<void> {
    for (const name of await readdir(temporary)) await utimes(join(temporary, name), LONG_AGO, LONG_AGO);
  }
  await age();

  return {
    layout,
    temporary,
    drill,
    age,
    kept: join(unpacked, 'kept'),
    trial: join(unpacked, 'trial'),
    store: () => createLayoutStore({ path }).component('storefront'),
    /** Works in a process of its own; answers what it said, and whether it was killed. */
    work: (late?: Failpoint): Promise<{ done: readonly Done[]; killed: boolean }> =>
      new Promise((resolve, reject) => {
        const script = join(import.meta.dirname, 'fixtures/work.mjs');
        const env = { PATH: process.env['PATH'], SLIPWAY_FAILPOINT_FILE: drill, LATE: late };
        execFile(process.execPath, [script, path, files, unpacked], { env }, (error, said, errors) => {
          const killed = error?.signal === 'SIGKILL';
          if (error !== null && !killed) reject(new Error(errors));
          const lines = said.split('\n').filter((line) => line !== '');
          resolve({ killed, done: lines.map((line) => JSON.parse(line) as Done) });
        });
      }),
  };
}

type Scene = Awaited<ReturnType<typeof openScene>>;

/** Everything that is there is whole, and everything that was acknowledged is there. */
async function expectNothingLost(scene: Scene, done: readonly Done[]): Promise<void> {
  expect(await Promise.all(done.map((one) => asItIs(scene, one)))).toEqual(done);
  const unpacked = done.some((one) => one.unpacked === 'kept') ? await hashFolder(scene.kept) : undisturbed.files;
  expect(unpacked).toBe(undisturbed.files);
  const blobs = join(scene.layout, 'blobs/sha256');
  for (const hex of existsSync(blobs) ? await readdir(blobs) : []) {
    expect(digestOf(await readFile(join(blobs, hex)))).toBe(`sha256:${hex}`);
  }
  const store = scene.store();
  for (const name of await store.names('')) await store.getBlob((await store.resolve(name))?.digest ?? 'sha256:');
}

/** The same, read again. */
async function asItIs({ store }: Scene, done: Done): Promise<Done> {
  const { blob, name = '', stands, sealed } = done;
  if (blob !== undefined) return { blob: digestOf(await store().getBlob(blob)) };
  if (stands !== undefined) return { name, stands: (await store().resolve(name))?.digest ?? 'nothing' };
  return sealed === undefined ? done : { name, sealed: await sealedDigest(store(), name) };
}

async function sealedDigest(store: ReturnType<Scene['store']>, name: string): Promise<string> {
  return digestOf((await readSealedBlob(store, name)) ?? Buffer.from(''));
}

async function indexOf({ layout }: Scene): Promise<string> {
  return await readFile(join(layout, 'index.json'), 'utf8');
}

let undisturbed: { done: readonly Done[]; index: string; files: string; blobs: readonly string[] };
beforeAll(async () => {
  stage = await mkdtemp(join(tmpdir(), 'slipway-failpoints-'));
  const scene = await openScene();
  const { done } = await scene.work();
  const blobs = await readdir(join(scene.layout, 'blobs/sha256'));
  undisturbed = { done, index: await indexOf(scene), files: await hashFolder(scene.kept), blobs };
});

afterAll(() => removeUnpacked(stage));

const OF_THE_STORE = FAILPOINTS.filter((failpoint) => failpoint.startsWith('store.'));
/** Those that every name comes by. */
const OF_A_NAME = OF_THE_STORE.filter((failpoint) =>
  /write-temporary|place-blob|claim-ref|write-index/.test(failpoint),
);

describe('a writer that is killed', () => {
  it.concurrent.each([
    ...OF_THE_STORE.map((failpoint) => [failpoint, 'first'] as const),
    ...OF_A_NAME.map((failpoint) => [failpoint, 'last'] as const),
  ])(
    'at %s, for the %s time, has lost nothing, and the next one ends as if nothing had been',
    async (failpoint, when) => {
      const scene = await openScene();
      if (when === 'first') await writeFile(scene.drill, failpoint);
      const first = await scene.work(when === 'first' ? undefined : failpoint);
      expect(first.killed).toBe(true);
      expect(await readFile(`${scene.drill}.died`, 'utf8')).toContain(failpoint);
      await expectNothingLost(scene, first.done);

      const second = await scene.work();
      expect(second).toEqual({ done: undisturbed.done, killed: false });
      expect(await indexOf(scene)).toBe(undisturbed.index);
      expect(await hashFolder(scene.kept)).toBe(undisturbed.files);
      expect(existsSync(scene.trial)).toBe(false);
      await expectNothingLost(scene, second.done);
      expect((await readdir(join(scene.layout, 'blobs/sha256'))).toSorted()).toEqual(undisturbed.blobs.toSorted());

      // What the killed one was writing goes with the first writer that comes an hour later.
      await scene.age();
      await scene.store().putBlob(Buffer.from('later'));
      expect(await readdir(scene.temporary)).toEqual([]);
    },
  );
});
