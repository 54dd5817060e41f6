import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { SlipwayError } from '../../src/contract/failure.ts';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { BuiltOutput } from '../../src/build/build.ts';
import { build, file, LIMITS, describeUnderEach, scratchFolder } from './checkout.ts';

const SHOP = [
  file(
    'shop/build.sh',
    'mkdir -p dist/pages && cat page.txt ../ui/frame.txt >dist/pages/home && cp build.sh dist/run',
    'executable',
  ),
  file('shop/page.txt', 'Welcome'),
  file('shop/latest', 'page.txt', 'symlink'),
  file('ui/frame.txt', ' to Kiln & Clay'),
];
const BY_SHELL = { command: ['./build.sh'], output: 'dist', inputs: ['ui/**'] };
const code = (expected: string) => expect.objectContaining({ code: expected });

describeUnderEach('a build', (sandbox) => {
  const { kind } = sandbox;
  const shop = async (): Promise<BuiltOutput> =>
    build(
      sandbox,
      { sh: '' },
      {
        files: SHOP.map((source) =>
          source.path === 'shop/build.sh'
            ? { ...source, content: Buffer.from(`#!/bin/sh\n${source.content.toString()}`) }
            : source,
        ),
        build: BY_SHELL,
      },
    );

  test('gives the files of its output, and which sandbox it was', async () => {
    const built = await shop();
    expect(built.sandbox).toBe(kind);
    expect(await readFile(join(built.folder, 'pages/home'), 'utf8')).toBe('Welcome to Kiln & Clay');
    expect((await stat(join(built.folder, 'run'))).mode & 0o111).toBe(0o111);
    expect(built.builds[0]).toEqual(built.builds[1]);
  });

  test('gives the bytes that every other sandbox gives', async () => {
    // The digest of exactly these files, whatever machine and sandbox they were built on.
    expect((await shop()).builds[0].digest).toMatchInlineSnapshot(
      `"sha256:3940ae75bc2edfbc6f456c47c9dd0a64704fa10f4f8cdca4b27ae4d72c4bffff"`,
    );
  });

  test('cannot change its inputs', async () => {
    const writing = build(
      sandbox,
      { sh: 'mkdir dist && echo x >dist/x && echo changed >../ui/frame.txt' },
      { files: [file('shop/a'), file('ui/frame.txt')] },
    );
    // Without a sandbox it runs as us, and root may write anywhere.
    const ended = await writing.then(
      () => 'written',
      (error: SlipwayError) => error.code,
    );
    expect(ended).toBe(kind === 'none' && process.getuid?.() === 0 ? 'written' : 'BUILD_FAILED');
  });

  test.runIf(kind !== 'none')('that writes outside its folder is BUILD_FAILED, and says where', async () => {
    const writing = build(sandbox, { sh: 'mkdir dist && touch dist/x && touch /usr/lib/x' });
    await expect(writing).rejects.toThrow(code('BUILD_FAILED'));
    await expect(writing).rejects.toThrow('/usr/lib/x');
  });

  test.runIf(kind !== 'none')('that asks the network is BUILD_FAILED, though somebody would answer', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const node = `await fetch('http://127.0.0.1:${port}/');`;
    const asking = build(sandbox, { node });
    await expect(asking).rejects.toThrow(code('BUILD_FAILED'));
    await expect(asking).rejects.toThrow('ECONNREFUSED');
  });

  test('that fails is BUILD_FAILED, with its exit code and last words', async () => {
    const failing = build(sandbox, { sh: 'echo no such module >&2; exit 7' });
    await expect(failing).rejects.toThrow(code('BUILD_FAILED'));
    await expect(failing).rejects.toThrow(/ended with 7.*no such module/s);
  });

  test('that hangs is BUILD_TIMED_OUT', async () => {
    const hanging = build(sandbox, { sh: 'sleep 60' }, { limits: { ...LIMITS, timeout: 500 } });
    await expect(hanging).rejects.toThrow(code('BUILD_TIMED_OUT'));
  });

  test('that prints without end is BUILD_OUTPUT_TOO_LARGE', async () => {
    await expect(build(sandbox, { sh: 'head -c 100000000 /dev/zero' })).rejects.toThrow(code('BUILD_OUTPUT_TOO_LARGE'));
  });

  test('that puts out too much is BUILD_OUTPUT_TOO_LARGE', async () => {
    const script = 'mkdir dist && head -c 12000000 /dev/zero >dist/zeros';
    await expect(build(sandbox, { sh: script })).rejects.toThrow(code('BUILD_OUTPUT_TOO_LARGE'));
  });

  test.each([
    ['makes no output folder', 'true'],
    ['makes a file of it', 'touch dist'],
    ['leaves it empty', 'mkdir -p dist/empty'],
  ])('that %s is BUILD_OUTPUT_MISSING', async (_, script) => {
    await expect(build(sandbox, { sh: script })).rejects.toThrow(code('BUILD_OUTPUT_MISSING'));
  });

  test.each([
    ['a link out of the output', 'mkdir dist && ln -s ../README dist/readme', 'readme'],
    ['an absolute link', 'mkdir dist && ln -s /etc/passwd dist/passwd', 'passwd'],
    ['a pipe', 'mkdir dist && mkfifo dist/pipe', 'pipe'],
    ['a name that is not UTF-8', `mkdir dist && touch "dist/$(printf 'n\\377me')"`, 'UTF-8'],
    ['an output folder that is a link out of the component', 'ln -s /usr/lib dist', 'dist'],
  ])('with %s is BUILD_OUTPUT_UNSAFE', async (_, script, named) => {
    const unsafe = build(sandbox, { sh: script });
    await expect(unsafe).rejects.toThrow(code('BUILD_OUTPUT_UNSAFE'));
    await expect(unsafe).rejects.toThrow(named);
  });

  test('keeps hard links as the files that they are, and links within the output', async () => {
    const script = 'mkdir -p dist/a && echo one >dist/a/one && ln dist/a/one dist/two && ln -s a/one dist/three';
    const { folder } = await build(sandbox, { sh: script });
    expect(await Promise.all(['two', 'three'].map((name) => readFile(join(folder, name), 'utf8')))).toEqual([
      'one\n',
      'one\n',
    ]);
  });

  test.each(['../dist', '/dist', '.', 'a/../../b'])('whose output is %s is refused before it runs', async (output) => {
    const scratch = await scratchFolder();
    const refused = build(sandbox, { sh: 'exit 1' }, { scratch, build: { command: ['false'], output, inputs: [] } });
    await expect(refused).rejects.toThrow(code('UNSAFE_PATH'));
    expect(await readdir(scratch)).toEqual([]);
  });

  test('that is aborted ends with the reason of the abort', async () => {
    const aborter = new AbortController();
    const aborted = build(sandbox, { sh: 'sleep 60' }, { signal: aborter.signal });
    aborter.abort(new Error('a person said so'));
    await expect(aborted).rejects.toThrow('a person said so');
  });

  describe('whose output depends on', () => {
    const leaks: readonly (readonly [what: string, content: string])[] = [
      ['the time', 'String(process.hrtime.bigint())'],
      ['random numbers', 'String(Math.random())'],
      ['its folder', 'process.cwd()'],
      ['the user', 'process.env.USER'],
      ['the time zone', 'new Date(process.env.SOURCE_DATE_EPOCH * 1000).toString()'],
    ];
    const apart: typeof leaks = [
      ['the account', 'os.userInfo().username + os.userInfo().uid'],
      ['the host name', 'os.hostname()'],
      ['the order of files in memory', "execSync('ls -U inputs').toString()"],
    ];
    test.each(kind === 'none' ? leaks : [...leaks, ...apart])(
      '%s is NOT_REPRODUCIBLE, and the file is named',
      async (_, content) => {
        const node = `import os from 'node:os'; import { execSync } from 'node:child_process'; import { mkdirSync, writeFileSync } from 'node:fs';
        mkdirSync('dist/deep', { recursive: true });
        writeFileSync('dist/steady.txt', 'the same');
        writeFileSync('dist/deep/leak.txt', ${content});`;
        const inputs = ['a', 'b', 'c', 'd'].map((name) => file(`shop/inputs/${name}`));
        const leaking = build(sandbox, { node }, { files: [file('shop/build.mjs', node), ...inputs] });
        await expect(leaking).rejects.toThrow(code('NOT_REPRODUCIBLE'));
        await expect(leaking).rejects.toThrow(/other files: deep\/leak\.txt \(other content\)\./);
      },
    );

    test('the umask is reproducible all the same: only the execute bit counts', async () => {
      await expect(
        build(sandbox, { sh: 'mkdir dist && touch dist/file && chmod +x dist/file' }),
      ).resolves.toBeDefined();
    });
  });
});
