import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { packLayer } from '../../src/artifacts/layer.ts';
import { digestOf } from '../../src/digest-of.ts';
import { SOURCE, writeBuild } from './parts.ts';
import { scratchFolder } from './scratch.ts';

const mtime = SOURCE.committedAt;

describe('a layer', () => {
  it('is the same bytes whatever the order, times, umask, owner and links on disk', async () => {
    const [one, other] = [await scratchFolder(), await scratchFolder()];
    await writeBuild(one, 'plain');
    await writeBuild(other, 'other');
    if (process.geteuid?.() === 0) execFileSync('chown', ['-hR', '12345:54321', other]);
    const layer = await buffer(packLayer(one, { mtime }));
    expect((await buffer(packLayer(other, { mtime }))).equals(layer)).toBe(true);
    // The very bytes: an update of a library that changes them would change every artifact there is.
    expect(digestOf(layer)).toBe('sha256:23b5b823644660c141a142b96eaca57d31f32d42e9008301c42a6dce00860f91');
  });

  it('is a tar that others read: sorted bytewise, one time, owner 0:0, modes 0644 and 0755', async () => {
    const folder = await scratchFolder();
    await writeBuild(folder, 'plain');
    const layer = await buffer(packLayer(folder, { mtime }));
    const listing = execFileSync('tar', ['-tv', '--numeric-owner', '--utc', '--full-time', '--quoting-style=literal'], {
      input: layer,
      encoding: 'utf8',
    });
    const lines = listing
      .trimEnd()
      .split('\n')
      .map((line) => line.replaceAll(/ +/g, ' '));
    const stamp = '2026-11-23 12:00:00';
    expect(lines.filter((line) => !line.includes('deep'))).toEqual([
      `drwxr-xr-x 0/0 0 ${stamp} a/`,
      `-rw-r--r-- 0/0 21 ${stamp} a.txt`,
      `-rw-r--r-- 0/0 23 ${stamp} a/Z.txt`,
      `-rw-r--r-- 0/0 23 ${stamp} a/b.txt`,
      `lrwxr-xr-x 0/0 0 ${stamp} a/server -> ../server.mjs`,
      `-rw-r--r-- 0/0 21 ${stamp} copy`,
      `-rw-r--r-- 0/0 0 ${stamp} empty`,
      `drwxr-xr-x 0/0 0 ${stamp} nothing/`,
      `drwxr-xr-x 0/0 0 ${stamp} public/`,
      `-rw-r--r-- 0/0 41 ${stamp} public/ü and a space.txt`,
      `-rwxr-xr-x 0/0 26 ${stamp} server.mjs`,
    ]);
    expect(lines.at(-1)).toContain('server.mjs');
    expect(lines.filter((line) => line.includes('deep'))).toHaveLength(31);
  });

  it('takes a commit from before 1970 and one after 2038', async () => {
    const folder = await scratchFolder();
    for (const odd of [-5, 2 ** 33, 1.5]) await buffer(packLayer(folder, { mtime: odd }));
    await writeFile(join(folder, 'x'), '');
    const layer = await buffer(packLayer(folder, { mtime: 2 ** 33 }));
    expect(execFileSync('tar', ['-tv', '--utc'], { input: layer, encoding: 'utf8' })).toContain('2038-01-19');
  });

  it.each([
    ['/etc/passwd', 'absolute'],
    ['../outside', 'leaves'],
    ['inner/../../outside', 'behind a name'],
    ['inner/..', 'behind a name'],
    ['..', 'leaves'],
  ])('does not take a symlink to %s', async (target, why) => {
    const folder = await scratchFolder();
    await symlink(target, join(folder, 'link'));
    const packed = buffer(packLayer(folder, { mtime }));
    await expect(packed).rejects.toMatchObject({ code: 'BUILD_OUTPUT_UNSAFE', message: expect.stringContaining(why) });
  });

  it('takes links that stay inside, dangling and circular ones too', async () => {
    const folder = await scratchFolder();
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
    for (const [path, target] of [
      ['a/b/up', '../..'],
      ['a/b/here', './.'],
      ['loop', 'loop'],
      ['none', 'a/none'],
    ] as const) {
      await symlink(target, join(folder, path));
    }
    const layer = await buffer(packLayer(folder, { mtime }));
    expect(execFileSync('tar', ['-t'], { input: layer, encoding: 'utf8' }).split('\n')).toHaveLength(7);
  });

  it('takes no pipe and no socket', async () => {
    const folder = await scratchFolder();
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const expected = { code: 'BUILD_OUTPUT_UNSAFE', message: expect.stringContaining('pipe') };
    await expect(buffer(packLayer(folder, { mtime }))).rejects.toMatchObject(expected);

    const other = await scratchFolder();
    const server = createServer();
    onTestFinished(() => void server.close());
    await new Promise<void>((listening) => server.listen(join(other, 'socket'), listening));
    await expect(buffer(packLayer(other, { mtime }))).rejects.toMatchObject({ code: 'BUILD_OUTPUT_UNSAFE' });
  });

  it('takes no name that is not UTF-8', async () => {
    const folder = await scratchFolder();
    await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x66, 0xff])]), '');
    const expected = { code: 'BUILD_OUTPUT_UNSAFE', message: expect.stringContaining('UTF-8') };
    await expect(buffer(packLayer(folder, { mtime }))).rejects.toMatchObject(expected);
  });
});
