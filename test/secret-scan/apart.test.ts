import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startScan, type Limits } from '../../src/secret-scan/apart.ts';

const TOKEN = ['ghp_', 'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'].join('');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-scan-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}
const scan = (limits?: Limits, texts: Readonly<Record<string, string>> = {}) =>
  startScan({ folder, texts }, limits).ended;

describe('an artifact is looked through in a process of its own', () => {
  test('each file of text, however deep, and what is sealed beside them', async () => {
    await put({
      'server.mjs': 'listen();\n',
      'node_modules/kept/deep/key.json': `{\n  "t": "${TOKEN}" }\n`,
      '.env': `A=1\nB=2\nT=${TOKEN}\n`,
      'utf16.txt': Buffer.from(`\ufeff${TOKEN}`, 'utf16le'),
      'logo.png': Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0]),
    });
    await symlink('/etc/passwd', join(folder, 'link'));
    expect(await scan({}, { 'slipway.yaml: run.env.T': `T=${TOKEN}` })).toEqual({
      found: [
        { path: 'slipway.yaml: run.env.T', line: null, rule: 'github' },
        { path: '.env', line: 3, rule: 'github' },
        { path: 'node_modules/kept/deep/key.json', line: 2, rule: 'github' },
        { path: 'utf16.txt', line: 1, rule: 'github' },
      ],
      extent: { files: 4, bytes: 197, binary: 1, cut: { first: [], count: 0 }, untold: 0 },
    });
  });

  test('up to its bounds, and says which files were not looked at to their end', async () => {
    await put({
      'a.txt': `${TOKEN}\n${'.'.repeat(100)}`,
      'b.txt': `${'.'.repeat(200)} ${TOKEN}`,
      'c.txt': `x ${TOKEN}`,
    });
    const bounds = { file: 100, total: 150 };
    expect(await scan({ bounds })).toEqual({
      found: [{ path: 'a.txt', line: 1, rule: 'github' }],
      extent: { files: 3, bytes: 150, binary: 0, cut: { first: ['a.txt', 'b.txt', 'c.txt'], count: 3 }, untold: 0 },
    });
  });

  test('and no more is told than evidence can hold', async () => {
    await put({ 'many.txt': `${TOKEN}\n`.repeat(1_200) });
    const scanned = await scan();
    expect('found' in scanned && [scanned.found.length, scanned.extent.untold]).toEqual([1_000, 200]);
  });
});

describe('a scan that does not come to its end says why, and has found nothing', () => {
  test.each<[what: string, limits: Limits, said: RegExp]>([
    ['it took too long', { deadline: 20 }, /^it did not end within 20ms$/],
    ['it took too much memory', { memory: 4 }, /^it took more than 4 MiB of memory$/],
  ])('%s', async (_, limits, said) => {
    await put({ 'server.mjs': 'listen();\n'.repeat(400_000) });
    expect(await scan(limits)).toEqual({ unfinished: expect.stringMatching(said) as string });
  });

  test('a file could not be read', async () => {
    await rm(folder, { recursive: true });
    expect(await scan()).toEqual({ unfinished: 'its process ended with 1' });
  });

  test('it was stopped, or whoever asked for it was', async () => {
    await put({ 'server.mjs': 'listen();\n'.repeat(400_000) });
    const stopped = startScan({ folder, texts: {} });
    await stopped.stop();
    expect(await stopped.ended).toEqual({ unfinished: 'its process was stopped' });
    expect(await scan({ signal: AbortSignal.timeout(20) })).toEqual({ unfinished: 'its process was stopped' });
  });
});
