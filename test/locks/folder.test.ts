import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SlipwayError } from '../../src/contract/failure.ts';
import { lockFolder } from '../../src/locks/folder.ts';
import { identify } from '../../src/process.ts';

let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'slipway-lock-'));
});
afterEach(() => rm(state, { recursive: true }));

test('a second up on the same folder is refused, with the process that holds it', async () => {
  await lockFolder(state);
  await expect(lockFolder(state)).rejects.toMatchObject({
    code: 'ALREADY_UP',
    message: expect.stringContaining(`process ${process.pid}`),
  });
});

test('after it is released the folder is free, and nothing is left behind', async () => {
  await (await lockFolder(state)).release();
  expect(await readdir(state)).toEqual([]);
  await (await lockFolder(state)).release();
});

describe('a lock that is left over', () => {
  test('from an up that was killed is taken over', async () => {
    const other = spawn('sleep', ['60']);
    await once(other, 'spawn');
    await writeFile(join(state, 'up.lock'), JSON.stringify(identify(other.pid!)));
    await expect(lockFolder(state)).rejects.toMatchObject({ code: 'ALREADY_UP' });
    other.kill('SIGKILL');
    await once(other, 'exit');
    await (await lockFolder(state)).release();
  });

  test('is taken over even when its process id belongs to somebody else by now', async () => {
    await writeFile(join(state, 'up.lock'), JSON.stringify({ pid: process.pid, start: 'another time' }));
    await lockFolder(state);
    await expect(lockFolder(state)).rejects.toMatchObject({ code: 'ALREADY_UP' });
  });

  test('is taken over even when whoever was taking it over was killed in the middle', async () => {
    const left = JSON.stringify({ pid: process.pid, start: 'another time' });
    const turn = createHash('sha256').update(left).digest('hex').slice(0, 12);
    await writeFile(join(state, 'up.lock'), left);
    await writeFile(join(state, `up.lock.${turn}`), 'cut off');
    await lockFolder(state);
    expect(await readdir(state)).toEqual(['up.lock']);
    await expect(lockFolder(state)).rejects.toMatchObject({ code: 'ALREADY_UP' });
  });

  test('is taken over by one of many that try at once', async () => {
    await writeFile(join(state, 'up.lock'), 'cut off in the mid');
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(state)));
    const refused = tries.filter((tried) => tried.status === 'rejected');
    expect(refused.map(({ reason }) => (reason as SlipwayError).code)).toEqual(Array(19).fill('ALREADY_UP'));
    expect(await readdir(state)).toEqual(['up.lock']);
  });
});
