import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnswerCounts, NO_COUNTS } from '../../src/contract/answers.ts';
import type { MetricBound, VerdictPolicy } from '../../src/health/policy.ts';
import type { MetricSample, Sample } from '../../src/health/sample.ts';
import { soakVerdict, type Verdict } from '../../src/health/verdict.ts';
import { answered, counts, type Look, POLICY, soak, times } from './evidence.ts';

interface Case {
  readonly looks: readonly Look[];
  readonly policy?: Partial<VerdictPolicy>;
  readonly baseline?: AnswerCounts | null;
  readonly metrics?: readonly MetricSample[];
  readonly verdict: Verdict;
  readonly reason: string;
}

const bad: Look = { outcome: 'bad', status: null, detail: 'no whole answer within 1s', probes: NO_COUNTS };
const late: Look = { outcome: 'late', status: null, detail: 'no whole answer within 1s', probes: NO_COUNTS };
const long = { samples: 150 };
const atUsers = (users: AnswerCounts): Look => ({ users });
const before = answered(200);
/** Of a hundred, so many that take so long; the others 20 ms. */
const hundred = (slow: number, took: number) => counts([...Array(100 - slow).fill(20), ...Array(slow).fill(took)]);

const HEALTH: Record<string, Case> = {
  'well through both floors': {
    looks: times(5),
    verdict: 'pass',
    reason: '5 answers in 4s, 0 of 5 samples bad, 0 of 5 answers to users and probes were errors (below 45.1%',
  },
  'flapping, every other look': {
    looks: times(5, bad).flatMap((look) => [{}, look]),
    verdict: 'fail',
    reason: 'flapping: 5 of 10 samples bad',
  },
  'slow start: two bad looks, then well': {
    looks: [bad, bad, ...times(6)],
    verdict: 'pass',
    reason: '6 answers in 7s',
  },
  'never healthy': { looks: times(3, bad), verdict: 'fail', reason: '3 bad in a row' },
  'one look was late because of us': { looks: [{}, {}, late, {}, {}, {}], verdict: 'pass', reason: '5 answers in 5s' },
  'every look was late because of us, up to the ceiling': {
    looks: times(61, late),
    verdict: 'inconclusive',
    reason: 'at the ceiling of 1m: all 61 samples were late on our side; 0 of 5 answers',
  },
  'most looks were late because of us, up to the ceiling': {
    looks: [{}, {}, ...times(59, late)],
    verdict: 'inconclusive',
    reason: 'at the ceiling of 1m: 2 of 5 answers in 1s of 3s',
  },
  'the wall clock jumps ahead: nothing is shortened': {
    looks: times(3).map((look, index) => ({ ...look, at: `2026-11-25T0${index}:00:00.000Z` })),
    verdict: 'inconclusive',
    reason: '3 of 5 answers in 2s of 3s',
  },
  'the wall clock jumps back: nothing is lengthened': {
    looks: times(5).map((look, index) => ({ ...look, at: `2026-11-25T0${5 - index}:00:00.000Z` })),
    verdict: 'pass',
    reason: '5 answers in 4s',
  },
  'too few answers at the ceiling': {
    looks: [...times(3), ...times(58, { probes: NO_COUNTS })],
    verdict: 'fail',
    reason: 'at the ceiling of 1m: 3 of 5 answers in 1m of 3s',
  },
  'too few looks at the ceiling, where looks are all there is': {
    looks: times(61, { uncounted: true }),
    policy: { counted: 'looks', samples: 100 },
    verdict: 'fail',
    reason: 'at the ceiling of 1m: 61 of 100 samples in 1m of 3s',
  },
  'the last look at the ceiling was bad': {
    looks: [...times(60), bad],
    policy: { for: 60_000 },
    verdict: 'fail',
    reason: 'at the ceiling of 1m: the last sample was bad',
  },
  'in a watch, what is inconclusive is no failure': {
    looks: [...times(3), ...times(58, { probes: NO_COUNTS })],
    policy: { ceiling: null },
    verdict: 'inconclusive',
    reason: '3 of 5 answers',
  },
  died: { looks: [...times(4), { instance: null }], verdict: 'fail', reason: 'instance a1 died' },
  'died and was replaced': {
    looks: [...times(4), ...times(4, { instance: 'a2' })],
    verdict: 'fail',
    reason: 'instance a1 died and was replaced by a2',
  },
  'died and was started again': {
    looks: [...times(4), ...times(4, { restarts: 1 })],
    verdict: 'fail',
    reason: 'died and was started again',
  },
  'a runtime that counts nothing any more': {
    looks: [{}, {}, ...times(59, { uncounted: true })],
    verdict: 'inconclusive',
    reason: 'at the ceiling of 1m: 2 of 5 answers',
  },
};

const ERRORS: Record<string, Case> = {
  'every 50th answer is an error, over 150': {
    looks: times(3, { probes: answered(50, 1) }),
    verdict: 'fail',
    reason: '3 of 150 answers to users and probes were errors',
  },
  'two errors among few': {
    looks: [{}, { probes: answered(4, 2) }],
    verdict: 'fail',
    reason: '2 of 5 answers to users and probes were errors',
  },
  'a single error extends': {
    looks: [...times(5), { probes: answered(1, 1) }],
    verdict: 'inconclusive',
    reason: '1 of 6 answers to users and probes were errors, which does not tell yet whether 2% are',
  },
  'a single error passes once enough clean answers outweigh it': {
    looks: [...times(5), { probes: answered(1, 1) }, { probes: answered(152) }],
    verdict: 'pass',
    reason: '1 of 158 answers',
  },
  'a single error that is never outweighed fails at the ceiling': {
    looks: [{ probes: answered(1, 1) }, ...times(60)],
    verdict: 'fail',
    reason: 'at the ceiling of 1m: 1 of 61 answers',
  },
  'users suffer while probes are fine': {
    looks: times(5, { users: answered(10, 1), probes: answered(400) }),
    policy: { samples: 50 },
    verdict: 'fail',
    reason: '5 of 50 answers to users were errors',
  },
  'probes suffer while users are fine: users alone are judged once they are enough': {
    looks: times(5, { users: answered(40), probes: answered(1, 1) }),
    verdict: 'pass',
    reason: '0 of 200 answers to users were errors',
  },
  'a declared limit has to be shown to be kept': {
    looks: times(5, { probes: answered(60) }),
    policy: { limits: { errorRate: 0.01 } },
    verdict: 'inconclusive',
    reason: '0 of 300 answers to users and probes were errors, which does not tell yet whether 1% are',
  },
  'a declared limit that is kept': {
    looks: times(5, { probes: answered(63) }),
    policy: { limits: { errorRate: 0.01 } },
    verdict: 'pass',
    reason: '0 of 315 answers',
  },
  'a declared limit that is exceeded': {
    looks: times(5, { probes: answered(63, 1) }),
    policy: { limits: { errorRate: 0.01 } },
    verdict: 'fail',
    reason: '5 of 315 answers to users and probes were errors, and at most 1% may be',
  },
  'limits, but nothing counts the answers': {
    looks: times(61, { uncounted: true }),
    policy: { counted: 'looks', limits: { errorRate: 0.01, p95: 300 } },
    verdict: 'inconclusive',
    reason: 'at the ceiling of 1m: no answers were counted to judge errorRate, p95 by',
  },
  'an agent, which no limit can be for': {
    looks: times(5, { uncounted: true }),
    policy: { counted: 'looks', limits: null },
    verdict: 'pass',
    reason: '5 samples in 4s, 0 of 5 samples bad',
  },
};

const LATENCY: Record<string, Case> = {
  'one slow request in a hundred': {
    looks: times(5, atUsers(hundred(1, 200))),
    policy: { ...long, limits: { p95: 100 } },
    baseline: before,
    verdict: 'pass',
    reason: 'no slower for users',
  },
  'five in a hundred ten times slower': {
    looks: times(5, atUsers(hundred(5, 200))),
    policy: long,
    baseline: before,
    verdict: 'fail',
    reason: 'a slow tail for users: 20 of 400 longer than',
  },
  'five in a hundred ten times slower, as they were before': {
    looks: times(5, atUsers(hundred(5, 200))),
    policy: long,
    baseline: counts([...Array(190).fill(20), ...Array(10).fill(200)]),
    verdict: 'pass',
    reason: 'no slower for users',
  },
  'half as slow again': {
    looks: times(5, atUsers(answered(40, 0, 30))),
    baseline: before,
    verdict: 'fail',
    reason: 'slower for users: median',
  },
  'half as slow again, but by less than anybody notices': {
    looks: times(5, atUsers(answered(40, 0, 6))),
    baseline: answered(200, 0, 4),
    verdict: 'pass',
    reason: 'no slower for users',
  },
  'a tenth slower, over thousands of answers: different, not worse': {
    looks: times(5, atUsers(answered(2_000, 0, 110))),
    baseline: answered(200, 0, 100),
    verdict: 'pass',
    reason: 'no slower for users',
  },
  'faster than before': {
    looks: times(5, atUsers(answered(40, 0, 10))),
    baseline: before,
    verdict: 'pass',
    reason: 'no slower for users',
  },
  'a slow start of ten times the latency': {
    looks: [
      { users: answered(60, 0, 200), early: { users: answered(60, 0, 200), probes: NO_COUNTS } },
      ...times(4, atUsers(answered(40))),
    ],
    policy: { ...long, limits: { p95: 100 } },
    baseline: before,
    verdict: 'pass',
    reason: '0 of 160 answers to users took longer',
  },
  'what is slow for probes alone is not compared with users': {
    looks: times(5, { users: answered(40), probes: answered(10, 0, 500) }),
    baseline: before,
    verdict: 'pass',
    reason: 'no slower for users',
  },
  'too few users to compare': {
    looks: times(5, { users: answered(3, 0, 500) }),
    baseline: before,
    verdict: 'pass',
    reason: 'latency not compared: 15 answers to users, 200 by the version before, 20 needed of each',
  },
  'no version before to compare with': {
    looks: times(5, { users: answered(40, 0, 500) }),
    verdict: 'pass',
    reason: 'latency not compared: 200 answers to users, 0 by the version before',
  },
  'a limit on latency that is exceeded': {
    looks: times(5, { probes: answered(20, 0, 400) }),
    policy: { limits: { p95: 300 } },
    verdict: 'fail',
    reason: '100 of 100 answers to users and probes took longer than the p95 of 300ms',
  },
  'a limit on latency that chance may have exceeded': {
    looks: [...times(4, { probes: answered(20) }), { probes: answered(7, 0, 400) }],
    policy: { limits: { p95: 300 } },
    verdict: 'inconclusive',
    reason: '7 of 87 answers to users and probes took longer than the p95 of 300ms',
  },
  'a limit on latency, by too few answers to show that it is kept': {
    looks: times(5, { probes: answered(11) }),
    policy: { limits: { p95: 300 } },
    verdict: 'inconclusive',
    reason: '0 of 55 answers',
  },
  'a limit on the middle alone': {
    looks: times(5, { probes: counts([20, 20, 20, 900, 900]) }),
    policy: { limits: { p50: 300 } },
    verdict: 'pass',
    reason: '10 of 25 answers to users and probes took longer than the p50 of 300ms',
  },
};

const bound: MetricBound = { name: 'checkout errors', max: 5 };
const read = (...values: (number | null)[]): MetricSample[] =>
  values.map((value, index) => ({
    at: '2026-11-25T00:00:00.000Z',
    after: index * 1_000,
    name: 'checkout errors',
    value,
    detail: value === null ? 'NaN' : String(value),
  }));
const said = (detail: string) => [...read(1, 1), { ...read(null)[0], detail } as MetricSample];

const METRICS: Record<string, Case> = {
  'a metric within its bound': {
    looks: times(5),
    metrics: read(1, 2, 5),
    verdict: 'pass',
    reason: 'metric checkout errors 5',
  },
  'beyond it as often as a health may be bad': {
    looks: times(5),
    metrics: read(1, 6, 7, 8),
    verdict: 'fail',
    reason: 'metric checkout errors: 3 in a row above 5, the last: 8',
  },
  'beyond it now and then': {
    looks: times(5),
    metrics: read(6, 7, 1, 6, 7, 1),
    verdict: 'pass',
    reason: 'checkout errors 1',
  },
  'beyond it, with a moment without a number between': {
    looks: times(5),
    metrics: read(6, 7, null, 8),
    verdict: 'fail',
    reason: '3 in a row above 5',
  },
  'beyond it at last': {
    looks: times(5),
    metrics: read(1, 6),
    verdict: 'inconclusive',
    reason: 'the last was above 5: 6',
  },
  'beyond it at last, at the ceiling': {
    looks: times(61),
    metrics: read(1, 6),
    verdict: 'fail',
    reason: 'at the ceiling of 1m: metric checkout errors: the last was above 5: 6',
  },
  'below a least value': {
    looks: times(5),
    policy: { metrics: [{ name: 'checkout errors', min: 2 }] },
    metrics: read(1, 1, 1),
    verdict: 'fail',
    reason: '3 in a row below 2',
  },
  'a Prometheus that says NaN': {
    looks: times(5),
    metrics: said('NaN'),
    verdict: 'inconclusive',
    reason: 'checkout errors: NaN',
  },
  'a Prometheus that says nothing': {
    looks: times(5),
    metrics: said('no series'),
    verdict: 'inconclusive',
    reason: 'no series',
  },
  'a Prometheus that says an error, up to the ceiling: that is ours': {
    looks: times(61),
    metrics: said('answered 503'),
    verdict: 'inconclusive',
    reason: 'at the ceiling of 1m: metric checkout errors: answered 503',
  },
  'a Prometheus that says several series': {
    looks: times(5),
    metrics: said('2 series'),
    verdict: 'inconclusive',
    reason: '2 series',
  },
  'a Prometheus that tells of another metric': {
    looks: times(5),
    metrics: read(1, 1).map((sample) => ({ ...sample, name: 'cart errors' })),
    verdict: 'inconclusive',
    reason: 'metric checkout errors: not asked yet',
  },
  'a Prometheus that comes back': {
    looks: times(5),
    metrics: read(null, null, 1),
    verdict: 'pass',
    reason: 'checkout errors 1',
  },
};

function judge({ looks, policy, baseline = null, metrics = [] }: Omit<Case, 'verdict' | 'reason'>) {
  return soakVerdict({ samples: soak(looks), metrics, baseline }, { ...POLICY, ...policy });
}

describe.each([
  ['health', HEALTH, {}],
  ['errors', ERRORS, {}],
  ['latency', LATENCY, {}],
  ['metrics', METRICS, { metrics: [bound] }],
])('the soak judges %s', (_, cases, policy) => {
  test.each(Object.entries(cases))('%s', (__, given) => {
    const judgement = judge({ ...given, policy: { ...policy, ...given.policy } });
    expect(judgement).toEqual({ verdict: given.verdict, reason: expect.stringContaining(given.reason) });
  });
});

describe('the verdict of a soak', () => {
  const look = fc.record({
    outcome: fc.constantFrom('good', 'good', 'good', 'bad', 'late'),
    users: fc.record({ clean: fc.nat(40), errors: fc.nat({ max: 1 }), took: fc.integer({ min: 1, max: 400 }) }),
  });
  const looks = fc.array(look, { maxLength: 30 }).map((all) =>
    all.map(({ outcome, users }): Look => {
      const errors = outcome === 'bad' ? users.errors : 0;
      return { outcome: outcome as Sample['outcome'], users: answered(users.clean + errors, errors, users.took) };
    }),
  );

  test('depends on what was recorded and on nothing else: read again, it is the same', () => {
    fc.assert(
      fc.property(looks, (given) => {
        const evidence = { samples: soak(given), metrics: [], baseline: before };
        const again = JSON.parse(JSON.stringify(evidence)) as typeof evidence;
        expect(soakVerdict(again, POLICY)).toEqual(soakVerdict(evidence, POLICY));
      }),
      { numRuns: 200 },
    );
  });

  test('that is a pass is never turned into a fail by more that is good', () => {
    fc.assert(
      fc.property(looks, fc.integer({ min: 1, max: 20 }), (given, more) => {
        const one = judge({ looks: given });
        fc.pre(one.verdict === 'pass');
        expect(judge({ looks: [...given, ...times(more, { users: answered(10) })] }).verdict).toBe('pass');
      }),
      { numRuns: 300 },
    );
  });

  test('is never a pass below a floor, nor with an error that nothing outweighs', () => {
    fc.assert(
      fc.property(looks, (given) => {
        const samples = soak(given);
        const { verdict } = judge({ looks: given });
        const told = samples.filter(({ outcome }) => outcome !== 'late');
        const span = (told.at(-1)?.after ?? 0) - (told[0]?.after ?? 0);
        const errors = samples.reduce((sum, { answers }) => sum + (answers?.users.errors ?? 0), 0);
        const answers = samples.reduce((sum, sample) => sum + (sample.answers?.users.answers ?? 0) + 1, 0);
        const isShort = span < POLICY.for || answers < POLICY.samples;
        const mayPass = !isShort && (errors === 0 || answers >= 158);
        expect(verdict === 'pass' && !mayPass).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
