import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDesk, type Desk, type Said } from './desk.ts';

const SLIPWAY = join(import.meta.dirname, '..', '..', 'bin', 'slipway.js');
const REVOKE = ['keys', 'revoke', 'builder-1', '--by', 'ada', '--reason', 'The laptop was stolen'];

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
});
afterEach(() => desk.remove());

const keys = (line: string): Promise<Said> => desk.run(['keys', ...line.split(' ')]);
const json = async (line: string) => JSON.parse((await keys(`${line} --json`)).stdout) as Record<string, unknown>;

async function privateKeys(): Promise<readonly string[]> {
  const [own = ''] = await readdir(join(desk.folder, 'keys'));
  const folder = join(desk.folder, 'keys', own);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.pem'));
  return await Promise.all(
    names.map(async (name) => (await readFile(join(folder, name), 'utf8')).split('\n')[1] ?? ''),
  );
}

describe('slipway keys', () => {
  test('says that there are none, makes them, and shows each with its dates and place', async () => {
    expect((await keys('list')).stdout).toMatch(/^no trust policy: slipway up makes one/);
    const made = await keys('create');
    expect(made).toMatchObject({ exitCode: 0, stderr: '' });
    expect(made.stdout).toMatch(/^made orchestrator-1, a key of orchestrator: .*\/orchestrator-1\.pem$/m);
    expect((await keys('create')).stdout).toBe('no key is missing\n');
    const lines = (await keys('list')).stdout.split('\n');
    expect(lines[0]).toMatch(/^name +role +environments +key +from +until +revoked +private key$/);
    expect(lines[3]).toMatch(
      /^deployer-staging-1 +deployer +staging +[0-9a-f]{16} +20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ +- +- +here$/,
    );
    expect(lines.at(-3)).toMatch(/^Policy: .*trust\.yaml$/);
  });

  test('makes one alone, rotates it and revokes it, and says what comes next', async () => {
    expect(await json('create --role deployer --environment staging')).toMatchObject({
      made: [{ name: 'deployer-staging-1', of: 'deployer-staging', expectedAt: null }],
    });
    await keys('create --role builder');
    const rotated = await keys('rotate builder --by ada');
    expect(rotated.stdout).toMatch(
      /^made builder-2.*\nbuilder-1 counts until .*stays valid\na running slipway up takes it up by itself\n$/,
    );
    expect((await desk.run(REVOKE)).stdout).toMatch(/^builder-1 is revoked: nothing counts that it signed from .* on/);
    const revoked = await desk.run(['keys', 'revoke', 'builder-2', '--by', 'ada', '--reason', 'Nor this one']);
    expect(revoked.stdout).toContain('builder has no valid key any more: slipway keys create');
    const { keys: listed } = (await json('list')) as { keys: readonly Record<string, unknown>[] };
    expect(listed.find(({ name }) => name === 'builder-1')).toMatchObject({
      revokedBy: 'ada',
      reason: 'The laptop was stolen',
    });
  });

  test('never prints a private key', async () => {
    const said: string[] = [];
    for (const line of [
      'create',
      'create --json',
      'rotate builder --by ada',
      'rotate builder --by ada --json',
      'list',
      'list --json',
    ]) {
      const { stdout, stderr } = await keys(line);
      said.push(stdout, stderr);
    }
    said.push((await desk.run(REVOKE)).stdout);
    const secrets = await privateKeys();
    expect(secrets).toHaveLength(6);
    for (const secret of secrets) expect(said.join()).not.toContain(secret.slice(-20));
  });

  test('says where a key belongs that `signing` looks for elsewhere', async () => {
    await writeFile(
      desk.config,
      `${await readFile(desk.config, 'utf8')}signing: { builder: { file: /run/secrets/builder } }\n`,
    );
    expect((await keys('create --role builder')).stdout).toContain(
      'builder looks for its key at /run/secrets/builder: put it there',
    );
    expect((await keys('create --role builder')).stdout).toBe('no key of builder is missing\n');
  });

  test.each([
    ['create --role baker', 2, 'found baker, expected one of orchestrator, builder, deployer'],
    ['create --role deployer', 2, 'name one with --environment'],
    ['create --role builder --environment staging', 2, 'builder signs for every environment'],
    ['rotate deployer --environment nowhere --by ada', 2, 'UNKNOWN_ENVIRONMENT'],
    ['rotate builder', 2, "required option '--by <who>' not specified"],
    ['revoke builder-1 --by ada', 2, "required option '--reason <text>' not specified"],
    ['revoke builder-1 --by ada --reason lost --from yesterday', 2, 'expected a time in UTC'],
    ['revoke nobody --by ada --reason lost', 2, 'no key is called nobody'],
    ['lists', 2, "unknown command 'lists'"],
  ])('%s is refused', async (line, exitCode, message) => {
    const said = await keys(line);
    expect(said).toMatchObject({ exitCode, stdout: '' });
    expect(said.stderr).toContain(message);
  });

  test('make one set when several processes make it at once', async () => {
    const env = { PATH: process.env['PATH'], SLIPWAY_KEYS: join(desk.folder, 'keys') };
    const run = () =>
      execa(process.execPath, [SLIPWAY, 'keys', 'create', '--json', '--config', desk.config], {
        env,
        extendEnv: false,
      });
    const all = await Promise.all([run(), run(), run()]);
    const made = all.flatMap(({ stdout }) => (JSON.parse(stdout) as { made: readonly { name: string }[] }).made);
    const names = ['builder-1', 'deployer-production-1', 'deployer-staging-1', 'orchestrator-1'];
    expect(made.map(({ name }) => name).toSorted()).toEqual(names);
    expect(((await json('list')) as { keys: readonly unknown[] }).keys).toHaveLength(4);
  });
});
