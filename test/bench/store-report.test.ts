import { expect, test } from 'vitest';
import { describeStore, judgeStore } from '../../bench/store-report.ts';
import type { MeasuredStore } from '../../bench/store.ts';

const measured = (put: number, peak = 110e6, registry: number | null = null): MeasuredStore => ({
  size: 2 ** 30,
  rounds: [0, 1, 2].map((more) => ({
    store: { steps: { put: put + more, verify: 600 }, peak: 100e6 },
    floor: { steps: { sha256: 600, copy: 300 + more, fsync: 100 }, peak: 90e6 },
    registry: registry === null ? null : { steps: { push: 2000 + more, pull: 402 }, peak: registry },
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

test('a registry has rows of its own, beside the store, and a goal of its own for memory', () => {
  expect(judgeStore(measured(600)).registry).toBeNull();
  expect(describeStore(judgeStore(measured(600)), measured(600))).toContain('Not measured on a registry');
  const with120 = measured(600, 110e6, 120e6);
  expect(judgeStore(with120)).toMatchObject({
    memory: { peak: 110e6 },
    registry: { registry: 2403, store: 1201, memory: { peak: 120e6, verdict: 'met' } },
  });
  const lines = describeStore(judgeStore(with120), with120);
  expect(lines).toMatch(/^time to a registry and back, beside the store +2403 ms +1201 ms +2\.00 +2\.00 to 2\.00$/m);
  expect(lines).toMatch(/^peak memory with a registry +120 MB +200 MB +met$/m);
  expect(lines).toContain('To a registry and back: push 2001 ms, pull 402 ms.');
  expect(judgeStore(measured(600, 110e6, 201e6)).registry?.memory.verdict).toBe('missed');
});
