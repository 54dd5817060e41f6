import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createGitRepository } from '../../src/source/git.ts';
import { FIRST_COMMIT, type WrittenSource, writeSource } from './written-source.ts';

let source: WrittenSource;
beforeEach(async () => {
  source = await writeSource();
});
afterEach(() => source.remove());

const all = (): boolean => true;
const UNKNOWN = '0123456789012345678901234567890123456789';

describe('revisions', () => {
  test('without one, the head of the first plain branch is taken', async () => {
    const head = await source.commit({ message: 'first', files: { a: '1' } });
    await source.repository.fetch();
    expect(await source.repository.resolve()).toBe(head);
  });

  test('a branch, a hash and the beginning of a hash name a commit', async () => {
    const first = await source.commit({ message: 'first', files: { a: '1' } });
    const release = await source.commit({ message: 'second', branch: 'release/1', from: first });
    const { repository } = source;
    await repository.fetch();
    expect(await repository.resolve('release/1')).toBe(release);
    expect(await repository.resolve(first)).toBe(first);
    expect(await repository.resolve(first.slice(0, 8).toUpperCase())).toBe(first);
    expect(await repository.committedAt(first)).toBe(FIRST_COMMIT);
  });

  test.each([
    UNKNOWN,
    'abcdef',
    'nowhere',
    'main~1',
    'main^{tree}',
    '@{-1}',
    'HEAD',
    'refs/heads/main',
    '../config',
    '',
    'a\0b',
    'a\nb',
  ])('the revision %j is unknown', async (revision) => {
    await source.commit({ message: 'first', files: { a: '1' } });
    await source.repository.fetch();
    await expect(source.repository.resolve(revision)).rejects.toMatchObject({ code: 'UNKNOWN_REVISION' });
  });

  test('the hash of a file is no revision', async () => {
    await source.commit({ message: 'first', files: { a: '1' } });
    await source.repository.fetch();
    const { stdout } = await execa('git', ['-C', source.folder, 'rev-parse', 'main:a']);
    await expect(source.repository.resolve(stdout)).rejects.toMatchObject({ code: 'UNKNOWN_REVISION' });
  });

  test('a beginning that two commits share is ambiguous, and both are named', async () => {
    const hashes = await source.commits(Array.from({ length: 1500 }, (_, n) => ({ message: `commit ${n}` })));
    const seen = new Map<string, string>();
    const twice = hashes.find((hash) => seen.has(hash.slice(0, 4)) || !seen.set(hash.slice(0, 4), hash)) ?? '';
    await source.repository.fetch();
    await expect(source.repository.resolve(twice.slice(0, 4))).rejects.toMatchObject({
      code: 'AMBIGUOUS_REVISION',
      message: expect.stringContaining(twice) as string,
    });
  });

  test('a branch called like the beginning of a commit’s hash is ambiguous too', async () => {
    const first = await source.commit({ message: 'first', files: { a: '1' } });
    await source.commit({ message: 'other', branch: first.slice(0, 7) });
    await source.repository.fetch();
    await expect(source.repository.resolve(first.slice(0, 7))).rejects.toMatchObject({ code: 'AMBIGUOUS_REVISION' });
    expect(await source.repository.resolve(first)).toBe(first);
  });

  test.each(['--all', '-n1', '--output=/tmp/slipway-pwned'])(
    'what looks like an option (%s) is refused',
    async (revision) => {
      await expect(source.repository.resolve(revision)).rejects.toMatchObject({ code: 'UNSAFE_SOURCE' });
    },
  );

  test('only the declared branches count', async () => {
    const first = await source.commit({ message: 'first', files: { a: '1' } });
    const release = await source.commit({ message: 'release', branch: 'release/1', from: first });
    const deeper = await source.commit({ message: 'deeper', branch: 'release/x/y', from: first });
    const topic = await source.commit({ message: 'topic', branch: 'topic', from: first });
    const { repository } = source;
    await repository.fetch();
    expect(await repository.onBranch(first)).toBe(true);
    expect(await repository.onBranch(release)).toBe(true);
    expect(await repository.onBranch(deeper)).toBe(false);
    expect(await repository.onBranch(topic)).toBe(false);
  });

  test('a branch that was pushed anew or taken away is followed', async () => {
    const first = await source.commit({ message: 'first', files: { a: '1' } });
    const gone = await source.commit({ message: 'gone', branch: 'release/1', from: first });
    const { repository } = source;
    await repository.fetch();
    await execa('git', ['-C', source.folder, 'branch', '-D', 'release/1']);
    await source.commit({ message: 'a branch in its place', branch: 'release/1/a', from: first });
    await repository.fetch();
    expect(await repository.onBranch(gone)).toBe(false);
  });

  test('ancestors and merge bases, also of what is not there', async () => {
    const first = await source.commit({ message: 'first', files: { a: '1' } });
    const main = await source.commit({ message: 'main' });
    const side = await source.commit({ message: 'side', branch: 'side', from: first });
    const alien = await source.commit({ message: 'alien', branch: 'alien' });
    const { repository } = source;
    await repository.fetch();
    expect(await repository.isAncestor(first, main)).toBe(true);
    expect(await repository.isAncestor(main, first)).toBe(false);
    expect(await repository.mergeBase(main, side)).toBe(first);
    expect(await repository.mergeBase(main, alien)).toBeNull();
    expect(await repository.isAncestor(UNKNOWN, main)).toBe(false);
    expect(await repository.mergeBase(UNKNOWN, main)).toBeNull();
  });
});

describe('files', () => {
  test('are what git holds, whatever attributes and hooks the repository brings', async () => {
    const files = {
      '.gitattributes': '*.txt eol=crlf export-ignore ident filter=evil\n',
      'a/x.txt': '$Id$\nline\n',
      'a/link': { link: '../b' },
    };
    const head = await source.commit({ message: 'first', files });
    await source.repository.fetch();
    expect(await source.repository.files(head, (each) => each.startsWith('a/'))).toEqual([
      { path: 'a/link', mode: 'symlink', content: Buffer.from('../b') },
      { path: 'a/x.txt', mode: 'file', content: Buffer.from('$Id$\nline\n') },
    ]);
    expect(await source.repository.entries(head, (each) => each === 'a/x.txt')).toEqual([
      { path: 'a/x.txt', mode: 'file' },
    ]);
  });

  test('are read by exact path: no folder, link or pattern is a file', async () => {
    const head = await source.commit({ message: 'first', files: { 'a/b': 'x', 'a/*': 'star', link: { link: 'a/b' } } });
    const { repository } = source;
    await repository.fetch();
    expect((await repository.read(head, 'a/b'))?.toString()).toBe('x');
    expect((await repository.read(head, 'a/*'))?.toString()).toBe('star');
    for (const each of ['a', 'link', 'a/c', 'a/b/', '../a']) expect(await repository.read(head, each)).toBeNull();
    expect([...(await repository.readAll(head, all)).keys()]).toEqual(['a/*', 'a/b']);
    expect(await repository.paths(head)).toEqual(['a/*', 'a/b', 'link']);
  });

  test.each([
    [
      'a symlink out of the repository',
      { 'a/link': { link: '../../etc/passwd' } },
      /found a symlink to .* leaves the repository/,
    ],
    ['an absolute symlink', { 'a/link': { link: '/etc/passwd' } }, /points at an absolute path/],
    ['a name with control characters', { '"a/x\\ny"': '1' }, /found a name with control characters/],
    ['a name that is not UTF-8', { '"a/\\377"': '1' }, /found a name that is not UTF-8/],
  ])('%s is refused', async (_, files, message) => {
    const head = await source.commit({ message: 'first', files: { ok: '1', ...files } });
    await source.repository.fetch();
    await expect(source.repository.files(head, all)).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
      message: expect.stringMatching(message) as string,
    });
    expect(await source.repository.files(head, (each) => each === 'ok')).toHaveLength(1);
  });

  test('a submodule is refused', async () => {
    const first = await source.commit({ message: 'first', files: { ok: '1' } });
    await execa('git', ['-C', source.folder, 'fast-import', '--quiet', '--force'], {
      input: `commit refs/heads/main\ncommitter A <a@b> 1800000000 +0000\ndata 1\nx\nfrom ${first}\nM 160000 ${first} a/module\n\n`,
    });
    await source.repository.fetch();
    const head = await source.repository.resolve();
    await expect(source.repository.entries(head, all)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });
});

describe('units', () => {
  const inShop = (each: string): boolean => each.startsWith('shop/');

  test('are the first-parent commits that touch the files, oldest first, with their messages and all their paths', async () => {
    const first = await source.commit({ message: 'first\n\nChange: A\n', files: { 'shop/a': '1', other: '1' } });
    await source.commit({ message: 'elsewhere', files: { other: '2' } });
    const empty = await source.commit({ message: '', files: { 'shop/b': '1' } });
    const { repository } = source;
    await repository.fetch();
    expect(await repository.units(null, empty, inShop)).toEqual([
      { revision: first, message: 'first\n\nChange: A\n', paths: ['other', 'shop/a'] },
      { revision: empty, message: '', paths: ['shop/b'] },
    ]);
    expect(await repository.units(first, empty, inShop)).toHaveLength(1);
    expect(await repository.units(empty, empty, inShop)).toEqual([]);
    expect((await repository.newestUnit(empty, inShop))?.revision).toBe(empty);
    expect(await repository.newestUnit(empty, () => false)).toBeNull();
  });

  test('a merge counts as its diff to its first parent, and what it merged does not count again', async () => {
    const first = await source.commit({ message: 'first', files: { 'shop/a': '1' } });
    const side = await source.commit({
      message: 'side',
      branch: 'side',
      from: first,
      files: { 'shop/b': '1', 'shop/c': '1' },
    });
    await source.commit({ message: 'main', files: { 'shop/a': '2' } });
    const merge = await source.commit({ message: 'merge', merge: side, files: { 'shop/b': '1', 'shop/c': '2' } });
    await source.repository.fetch();
    const units = await source.repository.units(first, merge, inShop);
    expect(units.map(({ message, paths }) => [message, paths])).toEqual([
      ['main', ['shop/a']],
      ['merge', ['shop/b', 'shop/c']],
    ]);
  });

  test('a rename is a file taken away and a file added', async () => {
    const first = await source.commit({ message: 'first', files: { 'shop/a': 'the same content\n'.repeat(50) } });
    const moved = await source.commit({
      message: 'moved',
      files: { 'shop/a': null, 'old/a': 'the same content\n'.repeat(50) },
    });
    await source.repository.fetch();
    expect((await source.repository.units(first, moved, inShop))[0]?.paths).toEqual(['old/a', 'shop/a']);
  });

  test('paths with any bytes, and messages that look like git’s own output, are read as they are', async () => {
    const message = `first\n\n${UNKNOWN}\nshop/x\n`;
    const head = await source.commit({
      message,
      files: { '"\\nshop/a\\tb"': '1', 'shop/ü': '1', '"shop/\\377"': '1' },
    });
    await source.repository.fetch();
    expect(await source.repository.units(null, head, inShop)).toEqual([
      { revision: head, message, paths: ['\nshop/a\tb', 'shop/ü', 'shop/\uFFFD'].toSorted() },
    ]);
  });

  test('the newest is found without reading all of a long history', async () => {
    await source.commits(
      Array.from({ length: 3000 }, (_, n) => ({ message: `commit ${n}`, files: { 'shop/a': String(n) } })),
    );
    await source.repository.fetch();
    const head = await source.repository.resolve();
    expect((await source.repository.newestUnit(head, inShop))?.message).toBe('commit 2999');
    expect(await source.repository.units(null, head, inShop)).toHaveLength(3000);
  });
});

describe('the mirror', () => {
  const other = (url: string, environment?: NodeJS.ProcessEnv) =>
    createGitRepository({
      source: { name: 'shop', url, branches: ['main'] },
      mirror: path.join(source.mirror, '..', 'other.git'),
      baseFolder: path.join(source.folder, '..'),
      ...(environment && { environment }),
    });

  test('a call that comes during a fetch sees what was pushed before it', async () => {
    await source.commit({ message: 'first' });
    const { repository } = source;
    const early = repository.fetch();
    const second = await source.commit({ message: 'second' });
    await Promise.all([early, repository.fetch(), repository.fetch(), repository.fetch()]);
    expect(await repository.resolve()).toBe(second);
  });

  test('a source that is no repository, or is not there, cannot be fetched, and says so', async () => {
    await mkdir(path.join(source.folder, '..', 'empty'));
    for (const url of ['./empty', './nowhere']) {
      await expect(other(url).fetch()).rejects.toMatchObject({
        code: 'SOURCE_UNAVAILABLE',
        message: expect.stringMatching(/^source shop at .*git fetch failed: .*; look whether/s) as string,
      });
    }
  });

  test('a fetch that failed leaves the next one free to succeed', async () => {
    const repository = other('./late');
    await expect(repository.fetch()).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    await execa('git', ['clone', '--quiet', '--bare', source.folder, path.join(source.folder, '..', 'late')]);
    await repository.fetch();
  });

  test('an address that git would run is refused before git is started', () => {
    expect(() => other('ext::sh -c "touch pwned"')).toThrow(expect.objectContaining({ code: 'UNSAFE_SOURCE' }));
  });

  test('without git on PATH, that is what is said', async () => {
    await expect(other('./shop', { PATH: '/nonexistent' }).fetch()).rejects.toMatchObject({ code: 'GIT_MISSING' });
  });

  test('neither the user’s configuration, nor our environment, nor hooks are taken up', async () => {
    const head = await source.commit({ message: 'first', files: { a: '1' } });
    const home = path.join(source.folder, '..', 'home');
    const pwned = path.join(source.folder, '..', 'pwned');
    await mkdir(path.join(home, 'hooks'), { recursive: true });
    const hook = `#!/bin/sh\ntouch ${pwned}\n`;
    await writeFile(path.join(home, 'hooks', 'reference-transaction'), hook, { mode: 0o755 });
    await writeFile(
      path.join(home, '.gitconfig'),
      `[core]\n\thooksPath = ${home}/hooks\n[url "/nonexistent"]\n\tinsteadOf = /\n`,
    );
    const environment = {
      PATH: process.env['PATH'],
      HOME: home,
      GIT_DIR: '/nonexistent',
      GIT_CONFIG_GLOBAL: `${home}/.gitconfig`,
    };
    const repository = other('./shop', environment);
    await repository.fetch();
    expect(await repository.resolve()).toBe(head);
    expect(await readdir(path.dirname(pwned))).not.toContain('pwned');
  });

  test('what git is told by the environment of this process, it does not hear', async () => {
    const head = await source.commit({ message: 'first', files: { a: '1' } });
    vi.stubEnv('GIT_OBJECT_DIRECTORY', '/nonexistent');
    vi.stubEnv('GIT_CONFIG_PARAMETERS', "'protocol.allow=never'");
    const repository = other('./shop');
    await repository.fetch().finally(() => vi.unstubAllEnvs());
    expect(await repository.resolve()).toBe(head);
  });

  test.runIf(process.getuid?.() === 0)('a local source that belongs to somebody else is read', async () => {
    const head = await source.commit({ message: 'first', files: { a: '1' } });
    await execa('chown', ['-R', '65534:65534', source.folder]);
    await source.repository.fetch();
    expect(await source.repository.resolve()).toBe(head);
  });

  test('is a bare repository of its own, and is made again when it was deleted', async () => {
    const head = await source.commit({ message: 'first' });
    await source.repository.fetch();
    expect(await readFile(path.join(source.mirror, 'config'), 'utf8')).toMatch(/bare = true/);
    await rm(source.mirror, { recursive: true });
    const again = other('./shop');
    await again.fetch();
    expect(await again.resolve()).toBe(head);
  });
});
