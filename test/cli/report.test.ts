import { describe, expect, test, vi } from 'vitest';
import { harmless, oneLine, painterFor } from '../../src/cli/report/paint.ts';
import { describeRecord } from '../../src/cli/report/record.ts';
import { stepsBetween } from '../../src/cli/report/steps.ts';
import { table } from '../../src/cli/report/table.ts';
import { elapsed, when } from '../../src/cli/report/time.ts';
import { awaitedBy, LANES, watchWorkers } from '../../src/cli/worker-watch.ts';
import { beginStage, endStage } from '../../src/contract/record.ts';
import { recordThat } from './records.ts';

const plain = painterFor({ isTTY: false }, {});

describe('colours', () => {
  test.each([
    ['a terminal', { isTTY: true }, {}, true],
    ['a pipe', {}, {}, false],
    ['a terminal that wants none', { isTTY: true }, { NO_COLOR: '1' }, false],
    ['a pipe that is forced', {}, { FORCE_COLOR: '1' }, true],
    ['a terminal that is forced to none', { isTTY: true }, { FORCE_COLOR: '0' }, false],
    ['a terminal that cannot', { isTTY: true }, { TERM: 'dumb' }, false],
  ])('%s', (_, stream, env, coloured) => {
    expect(painterFor(stream, env)('red', 'text') !== 'text').toBe(coloured);
  });

  test('what somebody else wrote cannot steer the terminal', () => {
    expect(harmless('\u001b[2Jgone\u0007')).toBe('gone');
    expect(oneLine('  two\n lines\r')).toBe('two lines');
  });
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_234, '1.2 s'],
  [59_949, '59.9 s'],
  [59_960, '1 min 00 s'],
  [125_000, '2 min 05 s'],
  [3_720_000, '1 h 02 min'],
])('%d milliseconds are %s', (milliseconds, text) => {
  expect(elapsed(milliseconds)).toBe(text);
});

test('times are in UTC, to the second', () => {
  expect(when('2026-11-23T09:05:07.123Z')).toBe('2026-11-23 09:05:07Z');
});

test('columns line up, coloured or not, and nothing is cut', () => {
  const red = painterFor({ isTTY: true }, {})('red', 'ab');
  expect(table([['a', 'b'], [red, 'c'], []])).toEqual(['a   b', `${red}  c`, '']);
});

describe('what happens, step by step', () => {
  const failure = {
    code: 'SMOKE_FAILED',
    clause: '§10',
    stage: 'post-deploy-verification',
    message: 'no shelf',
  } as const;
  const deploying = beginStage(recordThat(null, 7), 'deploy', '2026-11-23T09:05:08.000Z');

  test('several steps between two looks are all told', () => {
    const record = beginStage(
      endStage(recordThat(null, 7), 'passed', '2026-11-23T09:05:08.000Z', null),
      'build',
      '2026-11-23T09:05:08.000Z',
    );
    expect(stepsBetween(null, record)).toEqual([
      'staging/storefront/7 change-intake begins',
      'staging/storefront/7 change-intake passed in 1.0 s',
      'staging/storefront/7 build begins',
    ]);
    expect(stepsBetween(record, record)).toEqual([]);
  });

  test('a deployment that turns back says so, and why', () => {
    expect(stepsBetween(deploying, { ...deploying, failure })).toEqual([
      'staging/storefront/7 on the way back: SMOKE_FAILED (§10) no shelf',
    ]);
  });

  test('one that never reached the runtime is on no way back', () => {
    const { result: _, ...rejected } = recordThat('rejected', 7);
    const steps = stepsBetween(recordThat(null, 7), { ...rejected, result: null });
    expect(steps.at(-1)).toBe('staging/storefront/7 UNDOCUMENTED_CHANGE (§5) no change');
  });

  test('the report of one names the stage, the code and the clause', () => {
    const report = describeRecord(recordThat('rejected', 7), plain).join('\n');
    expect(report).toContain('✗ change-intake  failed  2026-11-23 09:05:07Z  1.2 s');
    expect(report).toContain('UNDOCUMENTED_CHANGE (§5) no change');
  });
});

describe('while somebody waits', () => {
  test('a stage waits for the worker of its role, in its environment', () => {
    const deploying = beginStage(recordThat(null), 'deploy', '2026-11-23T09:05:08.000Z');
    expect(awaitedBy(recordThat(null))).toMatchObject({ taskQueue: 'orchestrator', kind: 'activity' });
    expect(awaitedBy(deploying)).toMatchObject({ taskQueue: 'deployer-staging', kind: 'activity' });
    expect(awaitedBy(recordThat('completed'))).toBe(LANES);
  });

  test('it is said once that no worker polls, and again only after one was there', async () => {
    vi.useFakeTimers();
    const told: string[] = [];
    const counts = [0, 0, 1, 0];
    const pollers = async () => counts.shift() ?? 1;
    const stop = watchWorkers({ awaited: () => LANES, pollers, tell: (line) => told.push(line) });
    await vi.advanceTimersByTimeAsync(4_900);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(5_000);
    stop();
    vi.useRealTimers();
    const line = 'no worker polls orchestrator; start it with: slipway up';
    expect(told).toEqual([line, line]);
  });

  test('nothing is said while a person or another deployment is waited for', async () => {
    vi.useFakeTimers();
    const tell = vi.fn<(line: string) => void>();
    const stop = watchWorkers({ awaited: () => null, pollers: async () => 0, tell });
    await vi.advanceTimersByTimeAsync(60_000);
    stop();
    vi.useRealTimers();
    expect(tell).not.toHaveBeenCalled();
  });
});
