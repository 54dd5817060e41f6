import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { followLog } from '../../src/cli/log-file.ts';
import { openDesk, type Desk } from './desk.ts';

let desk: Desk;
let log: string;
beforeAll(async () => {
  desk = await openDesk();
  log = join(desk.folder, 'instance.log');
  await writeFile(log, 'one\ntwo\nthree\n');
});
afterAll(() => desk.remove());

/** A runtime whose live instance writes into `file`. */
function runtimeWith(file: string | null) {
  return {
    observer: async () => ({
      observe: async () => ({ live: null, log: file }) as never,
      measure: async () => ({ live: null, before: null }),
      observeAll: async () => [],
    }),
  };
}

test.each([
  [[], 'one\ntwo\nthree\n'],
  [['--lines', '2'], 'two\nthree\n'],
  [['--lines', '0'], ''],
  [['--lines', '9'], 'one\ntwo\nthree\n'],
])('slipway logs %j', async (more, expected) => {
  const said = await desk.run(['logs', 'staging/storefront', ...more], 'away', runtimeWith(log));
  expect(said).toMatchObject({ exitCode: 0, stdout: expected });
});

test('as JSON it is one document', async () => {
  const { stdout } = await desk.run(['logs', 'staging/storefront', '--lines', '1', '--json'], 'away', runtimeWith(log));
  expect(JSON.parse(stdout)).toEqual({ target: 'staging/storefront', live: null, log, lines: ['three'] });
});

test('where nothing is live, it says so: exit code 2', async () => {
  expect(await desk.run(['logs', 'staging/storefront'], 'away', runtimeWith(null))).toMatchObject({ exitCode: 2 });
});

test('--follow goes from one live instance to the next', async () => {
  const next = join(desk.folder, 'next.log');
  await writeFile(next, '');
  const stop = new AbortController();
  let live = log;
  let poured = '';
  const pour = (bytes: Uint8Array): void => {
    poured += Buffer.from(bytes).toString();
    if (poured.endsWith('four\n')) {
      live = next;
      void appendFile(next, 'five\n');
    }
    if (poured.endsWith('five\n')) stop.abort();
  };
  const following = followLog({ log, newest: async () => live, lines: 1, pour, signal: stop.signal });
  await appendFile(log, 'four\n');
  await following;
  expect(poured.replace(/^(three|four)\n(four\n)?/, '')).toBe('five\n');
});
