import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bucketOf, type Latencies, upperBoundOf } from '../../src/contract/answers.ts';
import { chancesOf, errorTestOf, judgeErrors } from '../../src/statistics/error-test.ts';
import { answersIn, quantileOf, slowerThan, totalOf } from '../../src/statistics/histogram.ts';
import { chanceOfSlower } from '../../src/statistics/mann-whitney.ts';
import { upperTail } from '../../src/statistics/normal.ts';
import { answersForQuantile, atLeast, chanceOfMore, upperBoundOfRate } from '../../src/statistics/proportions.ts';
import { cleanAnswersToPass, evidenceAgainst, failsFrom, passesFrom } from '../../src/statistics/sequential.ts';
import { seeded } from '../health/comparison-simulation.ts';

// References by scipy 1.17.1.
describe('the normal distribution', () => {
  test.each([
    [-8, 0.9999999999999993],
    [-1, 0.8413447460685429],
    [0, 0.5],
    [0.5, 0.3085375387259869],
    [2, 0.022750131948179195],
    [2.33, 0.009903075559164245],
    [3, 0.0013498980316300933],
    [4, 3.167124183311986e-5],
    [9, 1.1285884059538324e-19],
    [20, 2.7536241186061556e-89],
  ])('is above %d with a chance of %d', (z, chance) => {
    expect(upperTail(z) / chance).toBeCloseTo(1, 12);
  });
});

describe('proportions', () => {
  test.each([
    [1, 10, 0.1, 0.6513215599000001],
    [3, 59, 0.05, 0.5710719691927745],
    [9, 59, 0.05, 0.0025320196344425956],
    [10, 59, 0.05, 0.0006436109146907378],
    [12, 150, 0.05, 0.07400412445774161],
    [30, 1_000, 0.01, 2.059988850971949e-7],
    [600, 100_000, 0.005, 7.390583776639653e-6],
    [0, 5, 0.5, 1],
    [6, 5, 0.5, 0],
  ])('%d of %d or more, at a rate of %d, have a chance of %d', (k, n, p, chance) => {
    expect(atLeast(k, n, p)).toBeCloseTo(chance, 12);
  });

  test.each([
    [0, 20, 0.13910834066826516],
    [0, 149, 0.019904816220685077],
    [1, 20, 0.2161061642068473],
    [2, 150, 0.041374969893577085],
    [40, 1_000, 0.051753401352160444],
    [5, 5, 1],
    [0, 0, 1],
  ])('%d of %d show with 95 %% confidence a rate below %d', (k, n, bound) => {
    expect(upperBoundOfRate(k, n)).toBeCloseTo(bound, 10);
  });

  test.each([
    [0.5, 5],
    [0.95, 59],
    [0.99, 299],
  ])('a quantile of %d needs %d answers', (q, answers) => expect(answersForQuantile(q)).toBe(answers));

  test.each([
    [5, 150, 0, 200, 0.006955064291445993],
    [4, 150, 0, 200, 0.01648254962219393],
    [3, 50, 0, 200, 0.0038087835211815008],
    [8, 150, 2, 200, 0.010494306670163692],
    [20, 1_000, 2, 200, 0.17918585046163898],
    [1, 20, 1, 20, 0.5],
  ])('%d of %d after %d of %d have a chance of %d', (k, n, before, others, chance) => {
    expect(chanceOfMore(k, n, before, others)).toBeCloseTo(chance, 10);
  });
});

describe('the test of Mann and Whitney', () => {
  const file = new URL('./mann-whitney-by-scipy.json', import.meta.url);
  const cases = JSON.parse(readFileSync(file, 'utf8')) as { older: Latencies; newer: Latencies; p: number }[];

  test('says what scipy says, of twenty pairs with ties', () => {
    expect(cases.length).toBe(20);
    for (const { older, newer, p } of cases) {
      const chance = chanceOfSlower(newer, older);
      expect(Math.abs(chance - p)).toBeLessThan(1e-13);
    }
  });

  test('finds nothing where there is nothing to find', () => {
    expect(chanceOfSlower([], [[3, 20]])).toBe(1);
    expect(chanceOfSlower([[3, 20]], [])).toBe(1);
    expect(chanceOfSlower([[3, 20]], [[3, 20]])).toBe(1);
  });
});

describe('the sequential test of errors', () => {
  const byDefault = errorTestOf(undefined);

  test('passes at 2 % after 156 clean answers, and at other limits after as many as they need', () => {
    expect(cleanAnswersToPass(errorTestOf(0.02))).toBe(156);
    expect(cleanAnswersToPass(errorTestOf(0.01))).toBe(313);
    expect(cleanAnswersToPass(errorTestOf(1))).toBe(1);
    expect(evidenceAgainst(errorTestOf(0.02), 0, 155)).toBeGreaterThan(passesFrom(errorTestOf(0.02)));
  });

  test.each([
    ['two errors among few fail', 2, 20, 'fail'],
    ['two among a hundred do not tell yet', 2, 100, 'inconclusive'],
    ['every 50th of 150 is an error: it fails', 3, 150, 'fail'],
    ['one error alone never fails', 1, 1, 'inconclusive'],
    ['one error is outweighed by 157 clean answers', 1, 158, 'pass'],
    ['without an error, it passes however few there are', 0, 1, 'pass'],
  ] as const)('%s', (_, errors, answers, verdict) => {
    expect(judgeErrors(byDefault, errors, answers)).toBe(verdict);
  });

  test('reckons exactly how often it has failed by then', () => {
    // Of five answers it fails at two errors: 1 - .98^5 - 5 * .02 * .98^4.
    expect(chancesOf(byDefault, 0.02, 5).failed).toBeCloseTo(1 - 0.98 ** 5 - 5 * 0.02 * 0.98 ** 4, 12);
    expect(chancesOf(byDefault, 0.02, 1).failed).toBe(0);
    expect(chancesOf(byDefault, 0.5, 40).failed).toBeGreaterThan(0.999);
  });

  test('reckons exactly how often it passes then', () => {
    expect(chancesOf(byDefault, 0.02, 5).passed).toBeCloseTo(0.98 ** 5, 12);
    expect(chancesOf(byDefault, 0.02, 150).passed).toBeCloseTo(0.98 ** 150, 12);
    expect(chancesOf(errorTestOf(0.02), 0.02, 156).passed).toBeCloseTo(0.98 ** 156, 12);
    expect(chancesOf(errorTestOf(0.02), 0.02, 155).passed).toBe(0);
    expect(chancesOf(errorTestOf(1), 1, 2)).toEqual({ failed: 1, passed: 0 });
  });

  test('reckons even the longest soak in a moment', () => {
    const begun = performance.now();
    expect(chancesOf(byDefault, 0.001, 100_000).failed).toBeLessThan(0.01);
    expect(chancesOf(byDefault, 0.02, 100_000).failed).toBeGreaterThan(0.999);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  test('fails a good release less often than it says, however long it is asked', () => {
    expect(chancesOf(byDefault, byDefault.good, 10_000).failed).toBeLessThan(byDefault.alpha);
  });

  test('fails as often as a simulation says', () => {
    const random = seeded(3);
    const runs = 4_000;
    let failed = 0;
    for (let run = 0; run < runs; run++) {
      let errors = 0;
      for (let answers = 1; answers <= 150; answers++) {
        if (random() < 0.02) errors += 1;
        if (evidenceAgainst(byDefault, errors, answers) < failsFrom(byDefault)) continue;
        failed += 1;
        break;
      }
    }
    expect(Math.abs(failed / runs - chancesOf(byDefault, 0.02, 150).failed)).toBeLessThan(0.02);
  });
});

describe('a histogram of latencies', () => {
  const latencies: Latencies = [
    [0, 10],
    [bucketOf(100), 80],
    [bucketOf(1_000), 10],
  ];

  test('tells a quantile to within a bucket', () => {
    expect(quantileOf([], 0.5)).toBeNull();
    const median = quantileOf(latencies, 0.5) ?? 0;
    expect(median).toBeGreaterThan(100 / 1.05);
    expect(median).toBeLessThanOrEqual(upperBoundOf(bucketOf(100)));
    expect(quantileOf(latencies, 0.95)).toBeGreaterThan(1_000 / 1.05);
    expect(quantileOf(latencies, 0.05)).toBeLessThanOrEqual(0.5);
  });

  test('gives the doubt about a bucket to the release', () => {
    expect(slowerThan(latencies, 99)).toBe(10);
    expect(slowerThan(latencies, 95)).toBe(90);
    expect(slowerThan(latencies, 1_000 * 1.05)).toBe(0);
  });

  test('adds up', () => {
    const counts = { answers: 100, errors: 1, latencies };
    const total = totalOf([counts, counts]);
    expect(total).toMatchObject({ answers: 200, errors: 2 });
    expect(answersIn(total.latencies)).toBe(200);
  });
});
