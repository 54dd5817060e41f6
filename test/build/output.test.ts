import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratchFolder } from '../artifacts/scratch.ts';
import { ENORMOUS, longNamed, rawHeader, tarOf, type TarEntry } from '../artifacts/tars.ts';
import { digestOf, readOutput } from '../../src/build/output.ts';

const LIMITS = { bytes: 1000, entries: 10 };

/** Reads a tar as it would come out of a sandbox. */
async function read(tar: Buffer, limits = LIMITS) {
  const scratch = await scratchFolder();
  await writeFile(join(scratch, 'output.tar'), tar);
  const folder = join(scratch, 'output');
  return { folder, tree: await readOutput(join(scratch, 'output.tar'), folder, limits) };
}

const FOLDER: TarEntry = { name: './', type: 'directory' };
const FILE: TarEntry = { name: './a', content: 'a' };

describe('the output of a build', () => {
  test('is its files, folders and links, whatever their times and owners', async () => {
    const entries: TarEntry[] = [
      FOLDER,
      { name: './d/', type: 'directory' },
      { name: './d/run', content: 'run', mode: 0o4755 },
      { name: './l', type: 'symlink', linkname: 'd/run' },
      { name: './same', type: 'link', linkname: './d/run' },
    ];
    const { tree, folder } = await read(await tarOf(entries));
    expect([...tree.keys()]).toEqual(['d', 'd/run', 'l', 'same']);
    expect(await readFile(join(folder, 'same'), 'utf8')).toBe('run');
    const others = await read(await tarOf(entries.map((entry) => ({ ...entry, uid: 7, mtime: new Date(5000) }))));
    expect(digestOf(others.tree)).toBe(digestOf(tree));
  });

  test.each<[string, TarEntry[], RegExp]>([
    ['a path upwards', [{ name: '../x' }], /^\.\.\/x in the build's output .*"\.\."/],
    ['a path upwards from inside', [{ name: './d/../../x' }], /"\.\."/],
    ['an absolute path', [{ name: '/x' }], /absolute/],
    ['a file in no folder', [{ name: './d/x' }], /it lies in no folder/],
    ['a file behind a file', [FILE, { name: './a/x' }], /it lies in no folder/],
    ['a file behind a link', [{ name: './l', type: 'symlink', linkname: '.' }, { name: './l/x' }], /in no folder/],
    ['a path twice', [FILE, FILE], /twice/],
    ['a link in the place of a file', [FILE, { name: 'a', type: 'symlink', linkname: 'b' }], /twice/],
    ['a link that leaves', [{ name: './l', type: 'symlink', linkname: '../x' }], /leaves/],
    ['an absolute link', [{ name: './l', type: 'symlink', linkname: '/etc/passwd' }], /absolute/],
    ['a hard link to elsewhere', [{ name: './l', type: 'link', linkname: '/etc/passwd' }], /hard link to elsewhere/],
    [
      'a hard link to a link',
      [
        { name: 'l', type: 'symlink', linkname: 'x' },
        { name: 'h', type: 'link', linkname: 'l' },
      ],
      /hard link/,
    ],
    ['a device', [{ name: './c', type: 'character-device', devmajor: 1, devminor: 3 }], /device/],
    ['a whiteout', [{ name: './.wh.a' }], /begins with \.wh\./],
    ['a name of 4096', [{ name: `./${'x'.repeat(4096)}` }], /longer than 2048/],
    ['what a terminal obeys', [{ name: './\u001B[2J', type: 'fifo' }], /^\?\[2J in the build/],
    [
      'more fields than anybody needs',
      [{ name: './x', pax: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`k${n}`, 'v'])) }],
      /too many fields/,
    ],
  ])('with %s is BUILD_OUTPUT_UNSAFE', async (_what, entries, said) => {
    await expect(read(await tarOf(entries))).rejects.toMatchObject({
      code: 'BUILD_OUTPUT_UNSAFE',
      message: expect.stringMatching(said),
    });
  });

  test.each([
    ['no tar', Buffer.alloc(1024, 'x')],
    ['a tar cut short', Buffer.concat([rawHeader('x', { size: '00000001000' }), Buffer.alloc(100)])],
    ['a tar cut within a header', rawHeader('x').subarray(0, 500)],
    ['a folder 100,000 deep', longNamed('d/'.repeat(100_000))],
  ])('that is %s is BUILD_OUTPUT_UNSAFE', async (_what, tar) => {
    await expect(read(tar)).rejects.toMatchObject({ code: 'BUILD_OUTPUT_UNSAFE' });
  });

  test.each<[string, () => Promise<Buffer>]>([
    ['bytes', async () => tarOf([{ name: './x', content: 'x'.repeat(1001) }])],
    ['bytes than there are disks for', async () => rawHeader('x', { size: ENORMOUS })],
    ['entries', async () => tarOf(Array.from({ length: 11 }, (_, n) => ({ name: `./${n}` })))],
    [
      'bytes by way of hard links',
      async () =>
        tarOf([
          { name: './x', content: 'x'.repeat(400) },
          { name: './y', type: 'link', linkname: './x' },
          { name: './z', type: 'link', linkname: './x' },
        ]),
    ],
  ])('with more %s than an artifact may hold is BUILD_OUTPUT_TOO_LARGE', async (_what, tar) => {
    await expect(read(await tar())).rejects.toMatchObject({ code: 'BUILD_OUTPUT_TOO_LARGE' });
  });

  test('writes nothing beside its folder', async () => {
    const scratch = await scratchFolder();
    await writeFile(join(scratch, 'output.tar'), await tarOf([FOLDER, FILE, { name: '../escaped', content: 'x' }]));
    await expect(readOutput(join(scratch, 'output.tar'), join(scratch, 'output'))).rejects.toThrow(/escaped/);
    expect((await readdir(scratch)).sort()).toEqual(['output', 'output.tar']);
  });
});
