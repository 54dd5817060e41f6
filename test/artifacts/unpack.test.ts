import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pack, type Header } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { assembleImage, removeUnpacked, unpackImage } from '../../src/artifacts/image.ts';
import { MEDIA_TYPE, putJson } from '../../src/artifacts/oci.ts';
import type { ComponentStore } from '../../src/artifacts/store.ts';
import type { Digest } from '../../src/contract/digest.ts';
import { MANIFEST, SOURCE, writeBuild } from './parts.ts';
import { asOrdinaryUser, blobFile, scratchFolder, scratchStore } from './scratch.ts';

type TarEntry = Partial<Header> & { name: string; content?: string };

/** An image around a layer that `packLayer` would never make. */
async function imageOf(store: ComponentStore, layer: Buffer, mediaType: string = MEDIA_TYPE.layer): Promise<Digest> {
  const stored = await store.putBlob(layer);
  const config = await putJson(store, MEDIA_TYPE.config, { rootfs: { type: 'layers', diff_ids: [stored.digest] } });
  const manifest = { schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config, layers: [{ mediaType, ...stored }] };
  return (await putJson(store, MEDIA_TYPE.manifest, manifest)).digest;
}

async function tarOf(entries: readonly TarEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { content = '', ...header } of entries) tar.entry({ mtime: new Date(0), ...header }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('an unpacked image', () => {
  it('is the built files, and nobody writes into them', async () => {
    const { store, path } = await scratchStore();
    const source = await scratchFolder();
    await writeBuild(source, 'plain');
    const { digest } = await assembleImage({ store, folder: source, manifest: MANIFEST, source: SOURCE });
    const folder = join(path, 'unpacked');
    await unpackImage(store, digest, folder);

    execFileSync('diff', ['-r', '--no-dereference', source, folder]);
    expect(await readlink(join(folder, 'a', 'server'))).toBe('../server.mjs');
    const modes = { '.': 0o555, a: 0o555, nothing: 0o555, 'server.mjs': 0o555, 'a.txt': 0o444, 'a/b.txt': 0o444 };
    for (const [name, mode] of Object.entries(modes)) {
      expect({ [name]: (await lstat(join(folder, name))).mode & 0o7777 }).toEqual({ [name]: mode });
    }
    await asOrdinaryUser(() => expect(writeFile(join(folder, 'a.txt'), 'x')).rejects.toThrow(/EACCES/));
  });

  it('is taken away by its owner, read-only as it is', async () => {
    const { store, path } = await scratchStore();
    const digest = await imageOf(
      store,
      await tarOf([
        { name: 'a/', type: 'directory' },
        { name: 'a/b', content: 'b' },
      ]),
    );
    execFileSync('chmod', ['-R', 'a+rwX', path]);
    await asOrdinaryUser(async () => {
      await unpackImage(store, digest, join(path, 'unpacked'));
      await removeUnpacked(join(path, 'unpacked'));
      await removeUnpacked(join(path, 'unpacked'));
    });
    expect(await readdir(path)).toEqual(['storefront']);
  });

  it('takes the place of an empty folder, never of a full one', async () => {
    const { store, path } = await scratchStore();
    const digest = await imageOf(store, await tarOf([{ name: 'b', content: 'b' }]));
    await mkdir(join(path, 'unpacked'));
    await unpackImage(store, digest, join(path, 'unpacked'));
    expect(await readFile(join(path, 'unpacked', 'b'), 'utf8')).toBe('b');
    const again = unpackImage(store, digest, join(path, 'unpacked'));
    await expect(again).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect((await readdir(path)).sort()).toEqual(['storefront', 'unpacked']);
  });

  it('does not appear at all when a byte of its layer was changed', async () => {
    const { store, layout, path } = await scratchStore();
    const layer = await tarOf([{ name: 'b', content: 'b'.repeat(5000) }]);
    const digest = await imageOf(store, layer);
    const changed = Buffer.from(layer);
    changed[600] = 0x63;
    const { digest: layerDigest } = await store.putBlob(layer);
    execFileSync('chmod', ['u+w', blobFile(layout, layerDigest)]);
    await writeFile(blobFile(layout, layerDigest), changed);
    const unpacked = unpackImage(store, digest, join(path, 'unpacked'));
    await expect(unpacked).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
    expect(await readdir(path)).toEqual(['storefront']);
  });
});

const TARGET = { name: 'x', content: 'x' };
const UNSAFE: readonly (readonly [string, readonly TarEntry[]])[] = [
  ['a path upwards', [{ name: '../escaped', content: 'x' }]],
  ['a path upwards from inside', [{ name: 'a/', type: 'directory' }, { name: 'a/../../escaped' }]],
  ['an absolute path', [{ name: '/tmp/escaped' }]],
  ['an empty path', [{ name: '/', type: 'directory' }]],
  ['the root itself', [{ name: './', type: 'directory' }]],
  ['a path with an empty part', [{ name: 'a/', type: 'directory' }, { name: 'a//b' }]],
  ['a link upwards', [{ name: 'l', type: 'symlink', linkname: '../x' }]],
  ['a link to an absolute path', [{ name: 'l', type: 'symlink', linkname: '/etc/passwd' }]],
  [
    'a link that leaves by way of another',
    [
      { name: 'd/', type: 'directory' },
      { name: 'd/root', type: 'symlink', linkname: '..' },
      { name: 'e', type: 'symlink', linkname: 'd/root/..' },
    ],
  ],
  ['a link to nothing', [{ name: 'l', type: 'symlink', linkname: '' }]],
  [
    'a file behind a link',
    [
      { name: 'l', type: 'symlink', linkname: '.' },
      { name: 'l/x', content: 'x' },
    ],
  ],
  ['a file behind a file', [TARGET, { name: 'x/y' }]],
  ['a file in no folder', [{ name: 'none/y' }]],
  ['a path twice', [TARGET, TARGET]],
  ['a link in the place of a file', [TARGET, { name: 'x', type: 'symlink', linkname: 'y' }]],
  [
    'a folder twice',
    [
      { name: 'a/', type: 'directory' },
      { name: 'a/', type: 'directory' },
    ],
  ],
  ['a hard link', [TARGET, { name: 'h', type: 'link', linkname: 'x' }]],
  ['a character device', [{ name: 'c', type: 'character-device', devmajor: 1, devminor: 3 }]],
  ['a block device', [{ name: 'b', type: 'block-device' }]],
  ['a pipe', [{ name: 'p', type: 'fifo' }]],
  ['a setuid file', [{ name: 's', mode: 0o4755 }]],
  ['a setgid folder', [{ name: 's/', type: 'directory', mode: 0o2755 }]],
  ['more bytes than allowed', [{ name: 'big', content: 'x'.repeat(2000) }]],
  ['more entries than allowed', Array.from({ length: 11 }, (_, n) => ({ name: `f${n}` }))],
];

describe('a layer that no build makes is refused, and nothing of it is left', () => {
  const limits = { bytes: 1000, entries: 10 };

  it.each(UNSAFE)('%s', async (_what, entries) => {
    const { store, path } = await scratchStore();
    const digest = await imageOf(store, await tarOf(entries));
    const folder = join(path, 'unpacked');
    await expect(unpackImage(store, digest, folder, limits)).rejects.toMatchObject({
      code: 'BUILD_OUTPUT_UNSAFE',
      message: expect.stringContaining(`will not be unpacked: ${entries.at(-1)?.name.replace(/\/$/, '')}: `),
    });
    expect(await readdir(path)).toEqual(['storefront']);
    expect(await readdir(dirname(path))).not.toContain('escaped');
  });

  it.each([
    ['bytes that are no tar', async () => Buffer.alloc(2048, 'x')],
    ['a tar cut short', async () => (await tarOf([{ name: 'x', content: 'x'.repeat(900) }])).subarray(0, 1000)],
  ])('%s', async (_what, layer) => {
    const { store, path } = await scratchStore();
    const unpacked = unpackImage(store, await imageOf(store, await layer()), join(path, 'unpacked'), limits);
    await expect(unpacked).rejects.toMatchObject({ code: 'BUILD_OUTPUT_UNSAFE' });
  });

  it('a layer that is compressed', async () => {
    const { store, path } = await scratchStore();
    const digest = await imageOf(store, Buffer.from('x'), `${MEDIA_TYPE.layer}+gzip`);
    await expect(unpackImage(store, digest, join(path, 'unpacked'))).rejects.toMatchObject({
      code: 'ARTIFACT_CORRUPT',
    });
  });
});
