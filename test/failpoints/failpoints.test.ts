import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EFFECTS, FAILPOINTS } from '../../src/failpoints.ts';

let folder: string;
let drill: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-drill-'));
  drill = join(folder, 'drill');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Carries out two effects in a process of its own, and answers what it wrote and how it ended. */
function run(more: NodeJS.ProcessEnv = {}): Promise<{ said: string; signal: string | null; errors: string }> {
  const env = { PATH: process.env['PATH'], SLIPWAY_FAILPOINT_FILE: drill, ...more };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, 'fixtures/effects.mjs')], { env }, (error, said, errors) =>
      resolve({ said, signal: error?.signal ?? null, errors }),
    );
  });
}

/** What a process says that lives, line by line. */
const ALL = ['one', 'middle of one', 'one done', 'two', 'middle of two', 'two done', 'switch', 'switched'];
const lines = (count = ALL.length) =>
  ALL.slice(0, count)
    .map((line) => `${line}\n`)
    .join('');

describe('a process with a failpoint', () => {
  it.each([
    ['store.claim-ref:before one', 0],
    ['store.claim-ref:in one', 1],
    ['store.claim-ref:after one', 2],
    ['store.claim-ref:before two', 3],
    ['store.claim-ref:in two', 4],
    ['store.claim-ref:in', 1],
    ['driver.switch-address:before', 6],
    ['driver.switch-address:in', 7],
    ['driver.switch-address:after an address', 7],
  ])('dies at %s, and once only', async (written, said) => {
    await writeFile(drill, `${written}\n`);
    expect(await run()).toMatchObject({ said: lines(said), signal: 'SIGKILL' });
    expect(await readFile(`${drill}.died`, 'utf8')).toMatch(new RegExp(`^${written}\\n+process [0-9]+\\n$`));
    expect(await run()).toMatchObject({ said: lines(), signal: null });
  });

  it.each([['store.claim-ref:in three'], ['store.write-index:in'], ['']])(
    'lives when nothing it does is meant: %j',
    async (written) => {
      await writeFile(drill, written);
      expect(await run()).toEqual({ said: lines(), signal: null, errors: '' });
    },
  );

  it('looks at no file unless its environment names one', async () => {
    await writeFile(drill, 'store.claim-ref:in');
    expect(await run({ SLIPWAY_FAILPOINT_FILE: undefined })).toEqual({ said: lines(), signal: null, errors: '' });
  });

  it('does not start with a name that is none, and says which there are', async () => {
    await writeFile(drill, 'store.claim-ref:middle');
    const { said, errors } = await run();
    expect(said).toBe('');
    expect(errors).toContain(`USAGE: ${drill}: "store.claim-ref:middle" is no failpoint: expected one of store.`);
  });

  it('says so when it finds such a name later, and goes on', async () => {
    await writeFile(drill, '');
    const { said, errors } = await run({ SAY: 'store.claim-ref:middle' });
    expect(said).toBe(lines());
    expect(errors).toMatch(/^USAGE: .*drill: "store.claim-ref:middle" is no failpoint[^\n]*\n$/);
  });

  it('is one of three when three come there at once', async () => {
    await writeFile(drill, 'store.claim-ref:in');
    const ends = await Promise.all([run(), run(), run()]);
    expect(ends.map(({ signal }) => signal).filter((signal) => signal !== null)).toEqual(['SIGKILL']);
  });
});

describe('the list of failpoints', () => {
  it('has one before, in and after every effect', () => {
    expect(FAILPOINTS).toHaveLength(Object.keys(EFFECTS).length * 3);
    expect(FAILPOINTS).toContain('driver.switch-address:after');
  });
});
