import { describe, expect, test } from 'vitest';
import { formatPercentage } from '../../src/config/percentage.ts';
import { COMPARED } from '../../src/health/comparison-figures.ts';
import { chancesOf, errorTestOf } from '../../src/statistics/error-test.ts';
import { answersForQuantile, atLeast, upperBoundOfRate } from '../../src/statistics/proportions.ts';
import { cleanAnswersToPass } from '../../src/statistics/sequential.ts';
import { simulate } from '../health/comparison-simulation.ts';
import { codeIn, page, tableUnder } from './fences.ts';

const PAGE = page('docs/verdicts.md');

/** A chance as people read one: no more digits than are worth knowing. */
function shown(chance: number): string {
  if (chance > 0 && chance < 0.001) return 'below 0.1%';
  return chance > 0.999 && chance < 1 ? 'above 99.9%' : formatPercentage(Number(chance.toFixed(4)));
}

describe('docs/verdicts.md', () => {
  test('says what the test of errors is worth without a limit', () => {
    const rows = [5, 20, 50, 150, 300, 1_000].map((samples) => {
      const at = (rate: number) => chancesOf(errorTestOf(undefined), rate, samples);
      const chances = [at(0.001).failed, at(0.02).failed, at(0.02).passed, at(0.1).failed, at(0.5).failed];
      return [String(samples), ...chances.map(shown), formatPercentage(upperBoundOfRate(0, samples))];
    });
    expect(tableUnder(PAGE, 'Errors without a limit')).toEqual(rows);
  });

  test('says what it is worth against a limit', () => {
    const rows = [0.005, 0.01, 0.02, 0.05].map((limit) => {
      const against = errorTestOf(limit);
      const needed = cleanAnswersToPass(against);
      const bad = chancesOf(against, limit, needed);
      const chances = [chancesOf(against, limit / 20, needed).failed, bad.failed, bad.passed];
      return [formatPercentage(limit), String(needed), ...chances.map(shown)];
    });
    expect(tableUnder(PAGE, 'Errors against a limit')).toEqual(rows);
  });

  test('says what a limit on latency is worth', () => {
    const rows = (
      [
        ['p95', 0.95],
        ['p99', 0.99],
      ] as const
    ).map(([name, q]) => {
      const needed = answersForQuantile(q);
      let fewest = 0;
      while (atLeast(fewest, needed, 1 - q) >= 0.001) fewest += 1;
      const chances = [0.5, 3, 6].map((share) => atLeast(fewest, needed, share * (1 - q)));
      return [name, String(needed), ...chances.map(shown)];
    });
    expect(tableUnder(PAGE, 'Latency at the samples needed')).toEqual(rows);
  });

  test('says what the comparison is worth', () => {
    const rows = COMPARED.map((row) => {
      const shares = [row.falseAlarm, row.oneInHundred, row.slower20, row.slower50, row.fiveInHundred];
      return [String(row.users), String(row.before), ...shares.map(shown)];
    });
    expect(tableUnder(PAGE, 'Comparison')).toEqual(rows);
  });

  test('says what a long watch is worth', () => {
    const rounds = 600;
    const shared = errorTestOf(undefined, 0.01 / rounds);
    const inAll = rounds * chancesOf(shared, 0.001, 156).failed;
    const chances = [inAll, chancesOf(shared, 0.1, 156).failed, chancesOf(shared, 0.02, 1_200).failed];
    expect(tableUnder(PAGE, 'Errors in a watch')).toEqual([['156', ...chances.map(shown)]]);
  });

  test('names the codes that the checks fail with', () => {
    const codes = tableUnder(PAGE, 'What is judged').map(([, , , code = '']) => codeIn(code)[0]);
    expect(codes).toEqual(['UNAVAILABLE', 'HEALTH_FAILED', 'SMOKE_FAILED', 'HEALTH_DEGRADED']);
  });
});

test.each(COMPARED.filter(({ before }) => before === 200))(
  'the comparison of $users users is worth what its figures say, simulated again',
  (row) => {
    const runs = 500;
    const again = simulate(row.users, row.before, runs, 2);
    for (const share of ['falseAlarm', 'oneInHundred', 'slower20', 'slower50', 'fiveInHundred'] as const) {
      const spread = Math.sqrt((row[share] * (1 - row[share])) / runs);
      expect([share, Math.abs(again[share] - row[share]) <= 4 * spread + 0.005]).toEqual([share, true]);
    }
  },
);
