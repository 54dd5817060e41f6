import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createComponentSecrets } from '../../src/secrets/component-secrets.ts';
import { isReadByOthers } from '../../src/secrets/folder.ts';

let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-secrets-'));
  folder = join(root, 'staging');
  await mkdir(folder, { mode: 0o700 });
});
afterAll(() => rm(root, { recursive: true, force: true }));

const put = async (name: string, content: string | Buffer): Promise<void> => {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), content);
};
const ENV = { STAGING_SHOP_DATABASE_URL: 'by-variable\n', STAGING_SHOP_EMPTY: '', OTHER_SHOP_KEY: 'not-ours' };
const secrets = (what: { folder: string } | { variables: string } = { folder: 'staging' }) =>
  createComponentSecrets({ staging: { secrets: what }, bare: {} }, { env: ENV, folder: root });
const refusal = (name: string, given = secrets(), environment = 'staging') =>
  given.read(environment, name).then(
    () => 'it was read',
    (error: Error & { code: string }) => `${error.code}: ${error.message}`,
  );
const asks = (name: string) => `SECRET_MISSING: run.env asks for the secret ${name} of staging, `;

describe('a secret out of a folder', () => {
  test.each([
    ['one line end of it does not count', 'shop/plain', 'value\n', 'value'],
    ['nor does one of Windows', 'shop/windows', 'value\r\n', 'value'],
    ['all else does', 'shop/blanks', ' value \n\n', ' value \n'],
    ['it may be 64 KiB', 'shop/large', 'x'.repeat(65_536), 'x'.repeat(65_536)],
  ])('%s', async (_, name, content, value) => {
    await put(name, content);
    expect(await secrets().read('staging', name)).toBe(value);
  });

  test('that is not there, or is empty, is SECRET_MISSING, with where it was looked for', async () => {
    await put('shop/empty', '\n');
    await put('shop/file', 'x');
    expect(await refusal('shop/none')).toBe(`${asks('shop/none')}looked for at ${folder}/shop/none; put it there`);
    expect(await refusal('shop/empty')).toBe(
      `${asks('shop/empty')}which is empty at ${folder}/shop/empty; put it there`,
    );
  });

  test.each(['../staging/shop', '/etc/passwd', 'shop/..', 'Shop/key', 'shop', 'shop/key/more', 'shop/ke y'])(
    'whose name is %s is none',
    async (name) => {
      expect(await refusal(name)).toBe(`${asks(name)}which is no name of a secret; correct run.env in slipway.yaml`);
    },
  );

  test('a link may lead about in the folder, as those of mounted volumes do, and not out of it', async () => {
    await put('..data/key', 'mounted');
    await symlink('../..data/key', join(folder, 'shop/mounted'));
    expect(await secrets().read('staging', 'shop/mounted')).toBe('mounted');
    await writeFile(join(root, 'outside'), 'not ours');
    await symlink('../../outside', join(folder, 'shop/outside'));
    await symlink('/etc/hostname', join(folder, 'shop/absolute'));
    for (const name of ['shop/outside', 'shop/absolute']) {
      expect(await refusal(name)).toBe(
        `SECRET_UNAVAILABLE: ${folder}/${name}: found a link that leads out of its folder; put the file itself there`,
      );
    }
  });

  test('that cannot be told is SECRET_UNAVAILABLE: our side is at fault, and it is tried again', async () => {
    await put('shop/huge', 'x'.repeat(65_537));
    await put('shop/binary', Buffer.from([0xff, 0xfe, 0x00]));
    await put('shop/nul', 'a\0b');
    await mkdir(join(folder, 'shop/folder'));
    execFileSync('mkfifo', [join(folder, 'shop/pipe')]);
    await symlink('loop', join(folder, 'shop/loop'));
    for (const [name, found] of [
      ['huge', 'more than 64 KiB'],
      ['binary', 'bytes that are no UTF-8'],
      ['nul', 'what no variable can hold'],
      ['folder', 'no file'],
      ['pipe', 'no file'],
      ['loop', 'ELOOP'],
    ]) {
      expect(await refusal(`shop/${name}`)).toMatch(`SECRET_UNAVAILABLE: ${folder}/shop/${name}: found ${found}`);
    }
    const away = secrets({ folder: 'not-mounted' });
    expect(await refusal('shop/key', away)).toBe(
      `SECRET_UNAVAILABLE: ${root}/not-mounted: found ENOENT; put the folder there, or mount it`,
    );
  });

  test.skipIf(process.getuid?.() === 0)('that we may not read is SECRET_UNAVAILABLE', async () => {
    await put('shop/locked', 'x');
    await chmod(join(folder, 'shop/locked'), 0o000);
    expect(await refusal('shop/locked')).toMatch(/SECRET_UNAVAILABLE: .*found EACCES; let the runtime read it/);
  });

  test('is seen to be for everybody to read', async () => {
    expect(await isReadByOthers(folder)).toBe(false);
    await chmod(folder, 0o755);
    expect(await isReadByOthers(folder)).toBe(true);
    expect(await isReadByOthers(join(root, 'none'))).toBe(false);
  });
});

describe('a secret out of variables', () => {
  const byVariable = secrets({ variables: 'STAGING_' });

  test('is that whose name is the prefix and its own, in capitals', async () => {
    expect(await byVariable.read('staging', 'shop/database-url')).toBe('by-variable');
  });

  test('that is not set, or is empty, is SECRET_MISSING, with the variable', async () => {
    expect(await refusal('shop/key', byVariable)).toBe(
      `${asks('shop/key')}looked for at the variable STAGING_SHOP_KEY; put it there`,
    );
    expect(await refusal('shop/empty', byVariable)).toContain('which is empty at the variable STAGING_SHOP_EMPTY');
  });
});

test('an environment that declares none has none, whatever another has', async () => {
  await put('shop/plain', 'value');
  expect(await refusal('shop/plain', secrets(), 'bare')).toMatch(/^SECRET_MISSING: .*bare declares no secrets; write/);
});
