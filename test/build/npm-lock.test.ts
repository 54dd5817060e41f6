import { describe, expect, test } from 'vitest';
import { judgeNpm } from '../../src/build/dependencies/npm-failure.ts';
import { whyUnfit } from '../../src/build/dependencies/npm-fitness.ts';
import { readNpmLock, type NpmLock } from '../../src/build/dependencies/npm-lock.ts';
import { findLocked } from '../../src/build/dependencies/npm-locked.ts';
import type { SandboxResult } from '../../src/build/sandbox.ts';
import { file, LIMITS } from './checkout.ts';

const INTEGRITY = `sha512-${'a'.repeat(86)}==`;
const REGISTRY = 'https://packages.example/npm/';
const NPM = 'https://registry.npmjs.org';

function lock(packages: Readonly<Record<string, object>>): NpmLock {
  const text = JSON.stringify({ lockfileVersion: 3, packages: { '': { name: 'shop' }, ...packages } });
  return readNpmLock(Buffer.from(text)) as NpmLock;
}
const a = (entry: object) => lock({ 'node_modules/a': { version: '1.0.0', integrity: INTEGRITY, ...entry } });

describe('a lock file is read', () => {
  test.each([
    ['', /no JSON/],
    ['[]', /at its root/],
    ['{"lockfileVersion":1,"dependencies":{}}', /lockfileVersion 1, expected 2 or 3/],
    ['{"lockfileVersion":4,"packages":{}}', /lockfileVersion 4/],
    ['{"lockfileVersion":3,"packages":{"node_modules/a":{"version":1}}}', /packages > node_modules\/a > version/],
  ])('only as what it is: %j', (text, found) => {
    expect(readNpmLock(Buffer.from(text))).toMatch(found);
  });

  test('only up to 32 MiB', () => {
    expect(readNpmLock(Buffer.alloc(2 ** 25 + 1, ' '))).toMatch('expected at most 33554432');
  });
});

describe('a lock file fits', () => {
  test.each<[string, NpmLock]>([
    ['without addresses', a({})],
    ['from npm’s registry, whatever the platform’s is', a({ resolved: `${NPM}/a/-/a-1.0.0.tgz` })],
    ['from the platform’s registry', a({ resolved: `${REGISTRY}download/a/1.0.0.tgz` })],
    [
      'with a scope',
      lock({
        'node_modules/@k/a': { version: '1.0.0', integrity: INTEGRITY, resolved: `${NPM}/@k%2fa/-/a-1.0.0.tgz` },
      }),
    ],
    ['with an alias', a({ name: 'other', resolved: `${NPM}/other/-/other-1.0.0.tgz` })],
    ['with several hashes', a({ integrity: `sha1-${'a'.repeat(27)}= ${INTEGRITY}` })],
    [
      'with what comes within another package',
      lock({
        'node_modules/a': { version: '1.0.0', integrity: INTEGRITY, bundleDependencies: ['b'] },
        'node_modules/a/node_modules/b': { version: '2.0.0', inBundle: true },
        'node_modules/a/node_modules/b/node_modules/c': { version: '2.0.0', inBundle: true },
      }),
    ],
  ])('%s', (_, fitting) => {
    expect(whyUnfit(fitting, REGISTRY)).toBeNull();
  });

  test.each<[string, NpmLock, string]>([
    ['no integrity', a({ integrity: undefined }), 'node_modules/a: found no integrity, expected sha512-…'],
    ['a weak one', a({ integrity: `sha1-${'a'.repeat(27)}=` }), 'node_modules/a: found integrity sha1-'],
    ['no version', a({ version: undefined }), 'node_modules/a: found no version'],
    [
      'git',
      a({ resolved: 'git+ssh://git@host.example/a.git#abc' }),
      'node_modules/a: found git+ssh://…@host.example/a.git#abc, expected a package of the registry (https://packages.example/npm/)',
    ],
    ['a file', a({ resolved: 'file:../a.tgz' }), 'node_modules/a: found file:../a.tgz'],
    [
      'http',
      a({ resolved: 'http://registry.npmjs.org/a/-/a-1.0.0.tgz' }),
      'node_modules/a: found http://registry.npmjs.org',
    ],
    [
      'another host',
      a({ resolved: 'https://elsewhere.example/a.tgz' }),
      'node_modules/a: found https://elsewhere.example/a.tgz',
    ],
    [
      'another folder',
      a({ resolved: 'https://packages.example/npm-evil/a.tgz' }),
      'node_modules/a: found https://packages.example/npm-evil',
    ],
    [
      'a way out',
      a({ resolved: `${REGISTRY}../evil/a.tgz` }),
      'node_modules/a: found https://packages.example/npm/../evil',
    ],
    [
      'a password',
      a({ resolved: 'https://me:pw@packages.example/npm/a.tgz' }),
      'found https://…@packages.example/npm/a.tgz',
    ],
    ['another package', a({ resolved: `${NPM}/evil/-/evil-1.0.0.tgz` }), 'evil-1.0.0.tgz, expected /a/-/… as it is a'],
    ['no address', a({ resolved: '' }), 'node_modules/a: found , expected'],
    ['a link', a({ link: true, resolved: 'packages/a' }), 'node_modules/a: found a link to packages/a'],
    ['a workspace', lock({ 'packages/a': { version: '1.0.0' } }), 'packages/a: found a workspace'],
    ['a bundle that is none', a({ integrity: undefined, inBundle: true }), 'node_modules/a: found no integrity'],
    [
      'two hashes for one package',
      lock({
        'node_modules/a': { version: '1.0.0', integrity: INTEGRITY },
        'node_modules/b/node_modules/a': { version: '1.0.0', integrity: INTEGRITY.replace('aaa', 'bbb') },
      }),
      'node_modules/b/node_modules/a: found integrity sha512-bbb',
    ],
    [
      'nothing of the component',
      readNpmLock(Buffer.from('{"lockfileVersion":3,"packages":{}}')) as NpmLock,
      'no entry ""',
    ],
  ])('not with %s', (_, unfit, why) => {
    expect(whyUnfit(unfit, REGISTRY)).toContain(why);
  });
});

describe('a component with dependencies', () => {
  const manifest = file('shop/package.json', '{}');
  const text = JSON.stringify({ lockfileVersion: 3, packages: { '': {} } });
  const find = (files: Parameters<typeof findLocked>[0]['files']) => findLocked({ files, folder: 'shop' }, REGISTRY);

  test.each([
    ['a lock file', [manifest], 'shop/package-lock.json or npm-shrinkwrap.json: found no such file'],
    ['one in its own folder', [manifest, file('package-lock.json', text)], 'found no such file'],
    [
      'one that is no link',
      [manifest, file('shop/package-lock.json', '../package-lock.json', 'symlink')],
      'found no such file',
    ],
    ['a package.json', [file('shop/package-lock.json', text)], 'shop/package.json: found no such file'],
    ['one that can be read', [manifest, file('shop/package-lock.json', 'x')], 'shop/package-lock.json: found no JSON'],
  ])('needs %s', (_, files, why) => {
    const refused = expect.objectContaining({
      code: 'DEPENDENCIES_INVALID',
      clause: '§6',
      message: expect.stringContaining(why),
    });
    expect(() => find(files)).toThrow(refused);
  });

  test('is built by npm-shrinkwrap.json where there is one, as npm itself would', () => {
    const files = [manifest, file('shop/package-lock.json', 'x'), file('shop/npm-shrinkwrap.json', text)];
    expect(find(files)).toMatchObject({ path: 'shop/npm-shrinkwrap.json', packages: 0 });
  });
});

describe('what npm says', () => {
  const ENDED: SandboxResult = { ended: 'exited', prepared: true, exitCode: 1, output: null, log: '', elapsed: 1 };
  const said = (code: string) =>
    `npm warn deprecated x\nnpm error code ${code}\nnpm error the reason\nnpm error Log files were not written\n`;

  test.each([
    ['E404', 'DEPENDENCIES_INVALID'],
    ['EINTEGRITY', 'DEPENDENCIES_INVALID'],
    ['EUSAGE', 'DEPENDENCIES_INVALID'],
    ['ENOSPC', 'DEPENDENCIES_INVALID'],
    ['E401', 'DEPENDENCIES_UNAVAILABLE'],
    ['E403', 'DEPENDENCIES_UNAVAILABLE'],
    ['E503', 'DEPENDENCIES_UNAVAILABLE'],
    ['ECONNREFUSED', 'DEPENDENCIES_UNAVAILABLE'],
    ['ERR_SOCKET_TIMEOUT', 'DEPENDENCIES_UNAVAILABLE'],
    ['ESOMETHINGNEW', 'DEPENDENCIES_UNAVAILABLE'],
  ])('%s is %s', (code, expected) => {
    const judged = judgeNpm({ ...ENDED, log: said(code) }, LIMITS);
    expect(judged.code).toBe(expected);
    expect(judged.found).toBe(`npm ci ended with ${code}:\nnpm error the reason\n`);
  });

  test('too late, or not at all, is no fault of the change; too much is', () => {
    expect(judgeNpm({ ...ENDED, ended: 'timed-out' }, LIMITS).code).toBe('DEPENDENCIES_UNAVAILABLE');
    expect(judgeNpm({ ...ENDED, exitCode: 137 }, LIMITS).code).toBe('DEPENDENCIES_UNAVAILABLE');
    expect(judgeNpm({ ...ENDED, ended: 'output-too-large' }, LIMITS).code).toBe('DEPENDENCIES_INVALID');
  });
});
