import { describe, expect, test } from 'vitest';
import type { VerdictPolicy } from '../../src/health/policy.ts';
import type { Sample, SampleKind } from '../../src/health/sample.ts';
import { LIVE_CHECKS } from '../../src/health/trigger.ts';
import {
  availability,
  combine,
  healthVerdict,
  instanceVerdict,
  soakVerdict,
  type Verdict,
} from '../../src/health/verdict.ts';

const OUTCOMES = { g: 'good', b: 'bad', l: 'late' } as const;

/** `ggb`: a good sample, a good one, a bad one; a second apart, of one instance. */
function samples(letters: string, { kind = 'soak' as SampleKind, interval = 1_000 } = {}): Sample[] {
  return Array.from(letters, (letter, index) => ({
    at: new Date(Date.UTC(2026, 10, 23) + index * interval).toISOString(),
    after: index * interval,
    elapsed: 2,
    kind,
    outcome: OUTCOMES[letter as keyof typeof OUTCOMES],
    status: letter === 'g' ? 200 : null,
    detail: letter === 'g' ? 'answered 200' : 'no whole answer within 1s',
    instance: 'a1',
    restarts: 0,
  }));
}

/** The same samples with something else seen in the one at `index`. */
function seen(taken: readonly Sample[], index: number, other: Partial<Sample>): Sample[] {
  return taken.map((sample, at) => (at === index ? { ...sample, ...other } : sample));
}

describe('combine', () => {
  const cases: [string, Verdict[], Verdict][] = [
    ['nothing but passes is a pass', ['pass', 'pass'], 'pass'],
    ['one fail is a fail', ['pass', 'inconclusive', 'fail'], 'fail'],
    ['one that is inconclusive is inconclusive', ['pass', 'inconclusive'], 'inconclusive'],
    ['no verdicts are missing data, never a pass', [], 'inconclusive'],
  ];
  test.each(cases)('%s', (_, verdicts, expected) => expect(combine(verdicts)).toBe(expected));
});

describe('availability (§10)', () => {
  const cases: [string, string, Verdict, string][] = [
    ['one good answer is enough', 'g', 'pass', 'answered 200'],
    ['slow start: a good answer after two bad ones', 'bbg', 'pass', 'answered 200'],
    ['nobody answers', 'bbb', 'fail', '3 of 3 attempts failed, the last: no whole answer within 1s'],
    ['not yet attempted often enough', 'bb', 'inconclusive', '2 of 3 attempts failed'],
    ['late probes are no attempts', 'blblll', 'inconclusive', '2 of 3 attempts failed'],
    ['nothing but late probes', 'lll', 'inconclusive', 'all 3 samples were late on our side'],
    ['no samples', '', 'inconclusive', 'no samples'],
  ];
  test.each(cases)('%s (%s)', (_, letters, verdict, reason) => {
    const judgement = availability(samples(letters, { kind: 'availability' }), { failures: 3 });
    expect(judgement).toEqual({ verdict, reason: expect.stringContaining(reason) });
  });
});

describe('healthVerdict (§10), three failures allowed for', () => {
  const cases: [string, string, Verdict, string][] = [
    ['healthy', 'ggggg', 'pass', '0 of 5 samples bad'],
    ['three bad in a row', 'gggbbb', 'fail', '3 bad in a row, the last: no whole answer within 1s'],
    ['three bad in a row and well again', `bbb${'g'.repeat(97)}`, 'fail', '3 bad in a row'],
    ['slow start: two bad, then well', 'bbggg', 'pass', '2 of 5 samples bad'],
    ['flapping: every second one is bad', 'gbgbgbg', 'fail', 'flapping: 3 of 7 samples bad'],
    ['flapping slowly: one in three', 'ggbggbggb', 'fail', 'flapping: 3 of 9 samples bad'],
    ['one slow request in a hundred', `${'g'.repeat(50)}b${'g'.repeat(49)}`, 'pass', '1 of 100 samples bad'],
    ['one in a hundred, for hours', `${'g'.repeat(99)}b`.repeat(30) + 'g', 'pass', '30 of 3001 samples bad'],
    ['last seen bad', 'ggggb', 'inconclusive', 'the last sample was bad'],
    ['a late probe is not bad', 'gbblg', 'pass', '2 of 4 samples bad'],
    ['a late probe does not end a row of bad ones', 'gblbb', 'fail', '3 bad in a row'],
    ['nothing but late probes', 'llll', 'inconclusive', 'all 4 samples were late on our side'],
    ['no samples', '', 'inconclusive', 'no samples'],
  ];
  test.each(cases)('%s (%s)', (_, letters, verdict, reason) => {
    const judgement = healthVerdict(samples(letters, { kind: 'health' }), { failures: 3 });
    expect(judgement).toEqual({ verdict, reason: expect.stringContaining(reason) });
  });

  test('with one failure allowed for, the first bad sample fails', () => {
    expect(healthVerdict(samples('gggb'), { failures: 1 }).verdict).toBe('fail');
  });
});

describe('instanceVerdict', () => {
  const five = samples('ggggg');
  const cases: [string, Sample[], Verdict, string][] = [
    ['the same one throughout', five, 'pass', 'instance a1 stayed alive'],
    ['died', seen(five, 4, { instance: null }), 'fail', 'instance a1 died'],
    ['died and came back as itself', seen(five, 2, { instance: null }), 'fail', 'instance a1 died'],
    ['died and was started again between two samples', seen(five, 3, { restarts: 1 }), 'fail', 'was started again'],
    ['replaced', seen(five, 4, { instance: 'a2' }), 'fail', 'was replaced by a2'],
    ['had been started again before we looked', five.map((s) => ({ ...s, restarts: 1 })), 'pass', 'stayed alive'],
    ['seen late, but seen dead', seen(five, 1, { outcome: 'late', instance: null }), 'fail', 'instance a1 died'],
    ['never seen', five.map((s) => ({ ...s, instance: null })), 'inconclusive', 'no instance was seen'],
    ['no samples', [], 'inconclusive', 'no instance was seen'],
  ];
  test.each(cases)('%s', (_, taken, verdict, reason) => {
    expect(instanceVerdict(taken)).toEqual({ verdict, reason: expect.stringContaining(reason) });
  });
});

describe('soakVerdict (§10, §12), for 4s and 5 samples, three failures allowed for', () => {
  const policy: VerdictPolicy = {
    checks: LIVE_CHECKS,
    failures: 3,
    successes: 1,
    for: 4_000,
    samples: 5,
    counted: 'looks',
    ceiling: 60_000,
    limits: null,
    metrics: [],
    alpha: 0.01,
  };
  const five = samples('ggggg');
  const shifted = (from: number, by: number) =>
    five.map((s, i) => (i < from ? s : { ...s, at: new Date(Date.parse(s.at) + by).toISOString() }));
  const cases: [string, Sample[], Verdict, string][] = [
    ['both floors reached', five, 'pass', '5 samples in 4s, 0 of 5 samples bad'],
    ['no samples', [], 'inconclusive', 'no instance was seen'],
    ['fewer samples than the floor', samples('gggg', { interval: 2_000 }), 'inconclusive', '4 of 5 samples in 6s'],
    ['less time than the floor', samples('ggggggg', { interval: 100 }), 'inconclusive', 'in 600ms of 4s'],
    ['a late probe counts towards no floor', samples('gglgg'), 'inconclusive', '4 of 5 samples'],
    ['a late probe does no harm', samples('gglggg'), 'pass', '5 samples in 5s'],
    ['nothing but late probes', samples('lllllll'), 'inconclusive', 'all 7 samples were late on our side'],
    ['fails before a floor is reached', samples('bbb'), 'fail', '3 bad in a row'],
    ['flapping', samples('gbgbgbgbg'), 'fail', 'flapping'],
    ['slow start', samples('bbggg'), 'pass', '2 of 5 samples bad'],
    ['ends on a bad sample', samples('ggggb'), 'inconclusive', 'the last sample was bad'],
    ['one slow request in a hundred', samples(`${'g'.repeat(60)}b${'g'.repeat(39)}`), 'pass', '1 of 100 samples bad'],
    ['the wall clock jumps ahead: no soak is shortened', shifted(2, 3_600_000).slice(0, 3), 'inconclusive', '3 of 5'],
    ['the wall clock jumps back: no soak is lengthened', shifted(2, -3_600_000), 'pass', '5 samples in 4s'],
    ['instance died', seen(five, 4, { instance: null, outcome: 'bad' }), 'fail', 'instance a1 died'],
    ['instance replaced, though every answer was good', seen(five, 4, { instance: 'a2' }), 'fail', 'replaced by a2'],
    ['instance started again, though every answer was good', seen(five, 4, { restarts: 1 }), 'fail', 'started again'],
    [
      'instance replaced between the health check and the soak',
      [...samples('g', { kind: 'health' }).map((s) => ({ ...s, instance: 'a0' })), ...five],
      'fail',
      'instance a0 died and was replaced by a1',
    ],
    [
      'what was seen before the soak reaches no floor',
      [...samples('ggggg', { kind: 'health' }), ...samples('gg')],
      'inconclusive',
      '2 of 5 samples',
    ],
  ];
  test.each(cases)('%s', (_, taken, verdict, reason) => {
    const evidence = { samples: taken, metrics: [], baseline: null };
    expect(soakVerdict(evidence, policy)).toEqual({ verdict, reason: expect.stringContaining(reason) });
  });
});

test('a health that asks for three good looks in a row has not passed on fewer', () => {
  const verdictOf = (letters: string) =>
    healthVerdict(samples(letters, { kind: 'health' }), { failures: 3, successes: 3 });
  expect(verdictOf('gg')).toEqual({ verdict: 'inconclusive', reason: '2 of 3 good in a row' });
  expect(verdictOf('ggbgg').verdict).toBe('inconclusive');
  expect(verdictOf('ggblglg').verdict).toBe('inconclusive');
  expect(verdictOf('bglgg').verdict).toBe('pass');
});
