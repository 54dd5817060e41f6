import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shownPath, Tally } from '../../src/artifacts/entry.ts';
import { assembleImage, removeUnpacked, unpackImage } from '../../src/artifacts/image.ts';
import { MEDIA_TYPE, putJson } from '../../src/artifacts/oci.ts';
import type { ComponentStore } from '../../src/artifacts/store.ts';
import type { Digest } from '../../src/contract/digest.ts';
import { MANIFEST, SOURCE, writeBuild } from './parts.ts';
import { asOrdinaryUser, blobFile, scratchFolder, scratchStore } from './scratch.ts';
import { ENORMOUS, longNamed, rawHeader, tarOf, type TarEntry } from './tars.ts';

/** An image around a layer that `packLayer` would never make. */
async function imageOf(
  store: ComponentStore,
  layer: Buffer,
  { mediaType = MEDIA_TYPE.layer, workingFolder = '/' }: { mediaType?: string; workingFolder?: string } = {},
): Promise<Digest> {
  const stored = await store.putBlob(layer);
  const rootfs = { type: 'layers', diff_ids: [stored.digest] };
  const config = await putJson(store, MEDIA_TYPE.config, { config: { WorkingDir: workingFolder }, rootfs });
  const manifest = { schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config, layers: [{ mediaType, ...stored }] };
  return (await putJson(store, MEDIA_TYPE.manifest, manifest)).digest;
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
  ['a whiteout', [{ name: '.wh.x' }]],
  ['an opaque folder', [{ name: 'a/', type: 'directory' }, { name: 'a/.wh..wh..opq' }]],
  ['a name that no disk takes', [{ name: 'x'.repeat(256) }]],
  ['a name of 4096', [{ name: 'x'.repeat(4096) }]],
  ['a link to a name of 4096', [{ name: 'l', type: 'symlink', linkname: 'x'.repeat(4096) }]],
  ['a path that no system takes', [{ name: `${'x'.repeat(199)}/`.repeat(20) }]],
  ['fields that Slipway does not write', [{ name: 'x', pax: { 'SCHILY.xattr.security.capability': 'x' } }]],
  ['more bytes than allowed', [{ name: 'big', content: 'x'.repeat(2000) }]],
  ['more entries than allowed', Array.from({ length: 11 }, (_, n) => ({ name: `f${n}` }))],
];

function nameOf(entry: TarEntry | undefined): string {
  return entry?.name.replace(/\/$/, '') ?? '';
}

describe('a layer that no build makes is refused, and nothing of it is left', () => {
  const limits = { bytes: 1000, entries: 10 };
  const large = { bytes: 2 ** 40, entries: 10 };

  it.each(UNSAFE)('%s', async (_what, entries) => {
    const { store, path } = await scratchStore();
    const digest = await imageOf(store, await tarOf(entries));
    const folder = join(path, 'unpacked');
    await expect(unpackImage(store, digest, folder, limits)).rejects.toMatchObject({
      code: 'BUILD_OUTPUT_UNSAFE',
      message: expect.stringContaining(`will not be unpacked: ${shownPath(nameOf(entries.at(-1)))}: `),
    });
    expect(await readdir(path)).toEqual(['storefront']);
    expect(await readdir(dirname(path))).not.toContain('escaped');
  });

  it.each([
    ['bytes that are no tar', /Invalid tar header/, async () => Buffer.alloc(2048, 'x')],
    [
      'a tar cut short',
      /Unexpected end/,
      async () => (await tarOf([{ name: 'x', content: 'x'.repeat(900) }])).subarray(0, 1000),
    ],
    [
      'a tar cut within a header',
      /Unexpected end/,
      async () => (await tarOf([{ name: 'x', content: 'x' }])).subarray(0, 500),
    ],
    ['a file of 2^62 bytes', /more than 1099511627776 bytes/, async () => rawHeader('x', { size: ENORMOUS })],
    [
      'a link of 2^62 bytes',
      /more than 1099511627776 bytes/,
      async () => rawHeader('x', { size: ENORMOUS, type: '2' }),
    ],
    [
      'a folder of 2^62 bytes',
      /more than 1099511627776 bytes/,
      async () => rawHeader('x/', { size: ENORMOUS, type: '5' }),
    ],
    ['a header of 2^62 bytes', /Header exceeds max size/, async () => rawHeader('x', { size: ENORMOUS, type: 'x' })],
    ['a negative size', /Invalid header/, async () => rawHeader('x', { size: Buffer.alloc(12, 0xff).fill(0, 11) })],
    ['a sparse file', /of an unknown type/, async () => rawHeader('x', { type: 'S' })],
    ['a folder 100,000 deep', /longer than 2048 bytes/, async () => longNamed('d/'.repeat(100_000))],
    ['a name of 4 MiB', /longer than 2048 bytes/, async () => longNamed('x'.repeat(4 * 2 ** 20))],
    ['a name of 5 MiB', /Header exceeds max size/, async () => longNamed('x'.repeat(5 * 2 ** 20))],
  ])('%s', async (_what, said, layer) => {
    const { store, path } = await scratchStore();
    const unpacked = unpackImage(store, await imageOf(store, await layer()), join(path, 'unpacked'), large);
    const error = await unpacked.catch((refused: Error) => refused);
    expect(error).toMatchObject({ code: 'BUILD_OUTPUT_UNSAFE' });
    expect([error?.message, (error?.cause as Error | undefined)?.message].join()).toMatch(said);
    expect(await readdir(path)).toEqual(['storefront']);
  });

  it('a layer of more bytes than its entries can have, before it is read', async () => {
    const { store, path } = await scratchStore();
    const digest = await imageOf(store, Buffer.alloc(limits.bytes + 11 * 8192));
    const unpacked = unpackImage(store, digest, join(path, 'unpacked'), limits);
    await expect(unpacked).rejects.toThrow(/all of it: it has \d+ bytes, more than any layer of Slipway/);
  });

  it('paths of more bytes than there is memory for', async () => {
    const tally = new Tally({ bytes: 1, entries: 1_000_000 });
    const path = 'x'.repeat(2000);
    const added = Array.from({ length: 2 ** 26 / 2000 + 1 }, () => tally.add(path, 0));
    expect(added.findIndex((wrong) => wrong !== null)).toBe(Math.floor(2 ** 26 / 2000));
  });

  it.each([
    ['files beside the folder of a component on a base', [{ name: 'bin/', type: 'directory' as const }]],
    ['a file with the name of that folder', [{ name: 'app', content: 'x' }]],
    ['a file whose name begins as that folder does', [{ name: 'app/', type: 'directory' as const }, { name: 'apple' }]],
    [
      'that folder twice',
      [
        { name: 'app/', type: 'directory' as const },
        { name: 'app//', type: 'directory' as const },
      ],
    ],
    [
      'a link out of it',
      [
        { name: 'app/', type: 'directory' as const },
        { name: 'app/l', type: 'symlink' as const, linkname: '../bin' },
      ],
    ],
  ])('%s', async (_what, entries) => {
    const { store, path } = await scratchStore();
    const digest = await imageOf(store, await tarOf(entries), { workingFolder: '/app' });
    await expect(unpackImage(store, digest, join(path, 'unpacked'))).rejects.toMatchObject({
      code: 'BUILD_OUTPUT_UNSAFE',
    });
    expect(await readdir(path)).toEqual(['storefront']);
  });

  it('files in a folder that Slipway puts none in', async () => {
    const { store, path } = await scratchStore();
    const digest = await imageOf(store, await tarOf([TARGET]), { workingFolder: '/srv' });
    await expect(unpackImage(store, digest, join(path, 'unpacked'))).rejects.toMatchObject({
      code: 'ARTIFACT_CORRUPT',
      message: expect.stringContaining('its WorkingDir is "/srv", expected / or /app'),
    });
  });

  it('a layer that is compressed', async () => {
    const { store, path } = await scratchStore();
    const digest = await imageOf(store, Buffer.from('x'), { mediaType: MEDIA_TYPE.gzipLayer });
    await expect(unpackImage(store, digest, join(path, 'unpacked'))).rejects.toMatchObject({
      code: 'ARTIFACT_CORRUPT',
    });
  });
});
