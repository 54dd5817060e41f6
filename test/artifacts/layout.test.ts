import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import type { Descriptor } from '../../src/artifacts/store.ts';
import { digestOf } from '../../src/digest-of.ts';
import { asOrdinaryUser, blobFile, scratchFolder, scratchStore } from './scratch.ts';

const HELLO = Buffer.from('hello');

async function claimable(
  store: { putBlob(bytes: Buffer): Promise<{ digest: Descriptor['digest']; size: number }> },
  text: string,
) {
  return { mediaType: 'application/vnd.oci.image.manifest.v1+json', ...(await store.putBlob(Buffer.from(text))) };
}

describe('blobs', () => {
  it('are read back as they were put, as bytes and as a stream', async () => {
    const { store } = await scratchStore();
    const put = await store.putBlob(HELLO);
    const streamed = await store.putStream(Readable.from([Buffer.from('hel'), Buffer.from('lo')]));
    expect(put).toEqual({ digest: digestOf(HELLO), size: 5 });
    expect(streamed).toEqual(put);
    expect(await store.getBlob(put.digest)).toEqual(HELLO);
    expect(await buffer(await store.openBlob(put.digest))).toEqual(HELLO);
    expect(await store.hasBlob(put.digest)).toBe(true);
  });

  it('that are missing are said to be, by digest and path', async () => {
    const { store, layout } = await scratchStore();
    const digest = digestOf(HELLO);
    expect(await store.hasBlob(digest)).toBe(false);
    for (const read of [store.getBlob(digest), store.openBlob(digest)]) {
      await expect(read).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT', message: expect.stringContaining(digest) });
      await expect(read).rejects.toThrow(blobFile(layout, digest));
    }
  });

  it('whose bytes were changed are never handed over: the message names them and what they hash to', async () => {
    const { store, layout } = await scratchStore();
    const { digest } = await store.putBlob(HELLO);
    await rm(blobFile(layout, digest));
    await writeFile(blobFile(layout, digest), 'jello');
    const expected = { code: 'ARTIFACT_CORRUPT', message: expect.stringContaining(digestOf(Buffer.from('jello'))) };
    await expect(store.getBlob(digest)).rejects.toMatchObject(expected);
    await expect(buffer(await store.openBlob(digest))).rejects.toMatchObject(expected);
  });

  it('that were cut short are repaired by putting them again', async () => {
    const { store, layout } = await scratchStore();
    const { digest } = await store.putBlob(HELLO);
    for (const putAgain of [() => store.putBlob(HELLO), () => store.putStream(Readable.from([HELLO]))]) {
      await truncate(blobFile(layout, digest), 2);
      await putAgain();
      expect(await store.getBlob(digest)).toEqual(HELLO);
    }
  });

  it('of a stream that fails leave nothing behind', async () => {
    const { store, layout } = await scratchStore();
    const failing = Readable.from(
      (function* () {
        yield HELLO;
        throw new Error('the build went away');
      })(),
    );
    await expect(store.putStream(failing)).rejects.toThrow('the build went away');
    expect(await readdir(join(layout, 'tmp'))).toEqual([]);
    expect(await readdir(join(layout, 'blobs', 'sha256'))).toEqual([]);
  });

  it('are never looked for outside their folder', async () => {
    const { store } = await scratchStore();
    await store.putBlob(HELLO);
    await expect(store.getBlob('sha256:../../oci-layout')).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  });
});

describe('names', () => {
  it('stand for what first claimed them, for ever', async () => {
    const { store } = await scratchStore();
    const first = await claimable(store, 'first');
    const second = await claimable(store, 'second');
    expect(await store.claim('v1', first)).toEqual({ descriptor: first, won: true });
    expect(await store.claim('v1', second)).toEqual({ descriptor: first, won: false });
    expect(await store.resolve('v1')).toEqual(first);
    expect(await store.resolve('v2')).toBeNull();
  });

  it('stand in index.json, flat, for other tools', async () => {
    const { store, layout } = await scratchStore();
    const one = { ...(await claimable(store, 'one')), artifactType: 'application/x', annotations: { a: 'b' } };
    await store.claim('b', one);
    await store.claim('a', one);
    const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8'));
    const entry = (name: string) => ({ ...one, annotations: { a: 'b', 'org.opencontainers.image.ref.name': name } });
    expect(index).toMatchObject({ schemaVersion: 2, manifests: [entry('a'), entry('b')] });
  });

  it('are listed by their beginning, sorted', async () => {
    const { store } = await scratchStore();
    const one = await claimable(store, 'one');
    for (const name of ['release-2', 'record-1', 'release-10']) await store.claim(name, one);
    expect(await store.names('release-')).toEqual(['release-10', 'release-2']);
    expect(await store.names('nothing')).toEqual([]);
  });

  it.each(['', '.', '..', '-a', '.a', 'a/b', '../index.json', 'a b', 'ü', 'a\n', 'a'.repeat(129)])(
    'are OCI tags, which %j is not',
    async (name) => {
      const { store } = await scratchStore();
      const one = await claimable(store, 'one');
      await expect(store.claim(name, one)).rejects.toMatchObject({ code: 'USAGE' });
      await expect(store.resolve(name)).rejects.toMatchObject({ code: 'USAGE' });
    },
  );

  it('are not given to bytes that are not stored', async () => {
    const { store } = await scratchStore();
    const absent = { mediaType: 'application/x', digest: digestOf(HELLO), size: 5 };
    await expect(store.claim('v1', absent)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
    expect(await store.resolve('v1')).toBeNull();
  });

  it('that were spoiled by hand fail whoever asks for them, and nobody else', async () => {
    const { store, layout, path } = await scratchStore();
    const one = await claimable(store, 'one');
    for (const content of ['{', 'null', '{"mediaType":"a","digest":"sha256:1","size":1}', '[]', '']) {
      await writeFile(join(layout, 'refs', 'spoiled'), content);
      const fresh = createLayoutStore({ path }).component('storefront');
      await expect(fresh.resolve('spoiled')).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
      expect((await fresh.claim('whole', one)).descriptor).toEqual(one);
    }
  });
});

describe('a layout', () => {
  it('is made by the first write, not by reading', async () => {
    const path = await scratchFolder();
    const stores = createLayoutStore({ path: join(path, 'new', 'store') });
    const store = stores.component('catalog');
    expect(await store.names('')).toEqual([]);
    expect(await stores.components()).toEqual([]);
    expect(await readdir(path)).toEqual([]);
    await store.putBlob(HELLO);
    const layout = join(path, 'new', 'store', 'catalog');
    expect(await stores.components()).toEqual(['catalog']);
    expect(JSON.parse(await readFile(join(layout, 'oci-layout'), 'utf8'))).toEqual({ imageLayoutVersion: '1.0.0' });
    expect(JSON.parse(await readFile(join(layout, 'index.json'), 'utf8'))).toMatchObject({ manifests: [] });
  });

  it('has its lost index.json back after the next process has written', async () => {
    const { store, layout, path } = await scratchStore();
    await store.claim('v1', await claimable(store, 'one'));
    const index = await readFile(join(layout, 'index.json'));
    await rm(join(layout, 'index.json'));
    await createLayoutStore({ path }).component('storefront').putBlob(HELLO);
    expect(await readFile(join(layout, 'index.json'))).toEqual(index);
  });

  it('is swept of what killed writers left, not of what others are writing', async () => {
    const { store, layout, path } = await scratchStore();
    await store.putBlob(HELLO);
    await writeFile(join(layout, 'tmp', 'left'), 'x');
    await writeFile(join(layout, 'tmp', 'busy'), 'x');
    const yesterday = Date.now() / 1000 - 86_400;
    await utimes(join(layout, 'tmp', 'left'), yesterday, yesterday);
    await createLayoutStore({ path }).component('storefront').putBlob(HELLO);
    expect(await readdir(join(layout, 'tmp'))).toEqual(['busy']);
  });

  it('is only ever that of a component', async () => {
    const stores = createLayoutStore({ path: await scratchFolder() });
    for (const name of ['..', 'a/b', '', 'UPPER']) expect(() => stores.component(name)).toThrow(/no component's name/);
  });
});

describe('a disk that refuses is the platform at fault, and the path is named', () => {
  it('a file where the store should be', async () => {
    const path = join(await scratchFolder(), 'store');
    await writeFile(path, '');
    const put = createLayoutStore({ path }).component('storefront').putBlob(HELLO);
    await expect(put).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', fault: 'platform' });
    await expect(put).rejects.toThrow(path);
  });

  it('a folder that may not be written', async () => {
    const path = await scratchFolder();
    await chmod(path, 0o555);
    const put = asOrdinaryUser(() => createLayoutStore({ path }).component('storefront').putBlob(HELLO));
    await expect(put).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringContaining('EACCES') });
  });

  it('an error in the middle of reading', async () => {
    const { store, layout } = await scratchStore();
    const { digest } = await store.putBlob(HELLO);
    await rm(blobFile(layout, digest));
    await mkdir(blobFile(layout, digest));
    await expect(store.getBlob(digest)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(buffer(await store.openBlob(digest))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('a name that leads round in a circle', async () => {
    const { store, layout } = await scratchStore();
    await store.putBlob(HELLO);
    await symlink('loop', join(layout, 'refs', 'loop'));
    await expect(store.resolve('loop')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('a full disk, and it is used again once there is space', async ({ skip }) => {
    const path = await scratchFolder();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', path], { stdio: 'ignore' });
    } catch {
      skip('needs the right to mount a small tmpfs');
    }
    onTestFinished(() => void execFileSync('umount', [path]));
    const store = createLayoutStore({ path }).component('storefront');
    const { digest } = await store.putBlob(HELLO);
    const tooMuch = store.putStream(Readable.from([Buffer.alloc(200_000, 1), Buffer.alloc(200_000, 2)]));
    await expect(tooMuch).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('ENOSPC'),
    });
    expect(await store.getBlob(digest)).toEqual(HELLO);
    await store.putBlob(Buffer.alloc(200_000, 3));
  });
});
