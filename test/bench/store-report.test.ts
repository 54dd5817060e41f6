import { expect, test } from 'vitest';
import { describeStore, judgeStore } from '../../bench/store-report.ts';
import type { MeasuredStore } from '../../bench/store.ts';

const measured = (put: number, peak = 110e6): MeasuredStore => ({
  size: 2 ** 30,
  rounds: [0, 1, 2].map((more) => ({
    store: { steps: { put: put + more, verify: 600 }, peak: 100e6 },
    floor: { steps: { sha256: 600, copy: 300 + more, fsync: 100 }, peak: 90e6 },
  })),
  way: { steps: { 'read output': 700, unpack: 900 }, peak },
});

test('the store is judged by the ratio of medians, and by the most memory of any process', () => {
  expect(judgeStore(measured(600))).toMatchObject({
    ratio: { verdict: 'met' },
    store: 1201,
    floor: 1001,
    memory: { peak: 110e6, verdict: 'met' },
  });
  expect(judgeStore(measured(1000)).ratio.verdict).toBe('missed');
  expect(judgeStore(measured(600, 201e6)).memory.verdict).toBe('missed');
});

test('the store is described with where its time goes, and the figures alone on the last line', () => {
  const lines = describeStore(judgeStore(measured(600)), measured(600)).split('\n');
  expect(lines[0]).toMatch(/^1024 MiB put and verified, beside sha256 \+ copy \+ fsync .* medians of 3 rounds:$/);
  expect(lines).toContain(
    'Where the time goes: put 601 ms, verify 600 ms; the floor: sha256 600 ms, copy 301 ms, fsync 100 ms.',
  );
  expect(lines.at(-1)).toBe('put + verify 1.20 of the floor (goal 1.30), peak memory 110 MB (goal 200 MB)');
});
