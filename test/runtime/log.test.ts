import { appendFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBackoff } from '../../src/runtime/local/backoff.ts';
import { capLog, tailLog } from '../../src/runtime/local/log.ts';
import { createMask } from '../../src/secrets/mask.ts';

describe('the log of an instance', () => {
  let folder: string;
  let log: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-log-'));
    log = join(folder, 'log');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('begins anew when it has grown too large, and not before', async () => {
    await writeFile(log, 'x'.repeat(100));
    await capLog(log, 100);
    expect((await stat(log)).size).toBe(100);
    await appendFile(log, 'x');
    await capLog(log, 100);
    expect((await stat(log)).size).toBe(0);
  });

  it('gives its last lines', async () => {
    await writeFile(log, Array.from({ length: 5_000 }, (_, index) => `line ${index}`).join('\n'));
    const mask = createMask();
    expect(await tailLog(log, { lines: 2, mask })).toBe('line 4998\nline 4999');
    expect(await tailLog(join(folder, 'none'), { mask })).toBe('');
  });

  it('is quoted without secrets, wherever the quotation begins', async () => {
    const secret = '0123456789-0123456789-0123456789-01234';
    const mask = createMask();
    mask.know('shop/key', secret);
    const pieces = Array.from({ length: secret.length - 4 }, (_, index) => secret.slice(index, index + 5));
    for (let length = 4_000; length <= 4_200; length += 1) {
      await writeFile(log, `${'.'.repeat(500)}${secret}${'x'.repeat(length)}`);
      const told = await tailLog(log, { mask });
      expect(told.endsWith('x'.repeat(3_800))).toBe(true);
      expect(pieces.filter((piece) => told.includes(piece))).toEqual([]);
    }
  });
});

describe('an instance that keeps ending', () => {
  it('is started again after a pause that doubles up to ten seconds, and is forgiven after a calm time', () => {
    let now = 1_000_000;
    const backoff = createBackoff(() => now);
    const pauses: number[] = [];
    for (let trial = 0; trial < 8; trial += 1) {
      expect(backoff.due()).toBe(true);
      backoff.count();
      const since = now;
      while (!backoff.due()) now += 100;
      pauses.push(now - since);
    }
    expect(pauses).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
    now += 31_000;
    backoff.count();
    now += 200;
    expect(backoff.due()).toBe(true);
  });
});
