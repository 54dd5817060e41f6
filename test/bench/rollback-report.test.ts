import { expect, test } from 'vitest';
import { describeRollbacks, judgeFaults, judgeRollbacks } from '../../bench/rollback-report.ts';
import type { MeasuredRollbacks } from '../../bench/rollback.ts';

const STEPS = [
  { name: 'its evidence is sealed', took: 5 },
  { name: 'the old version has answered', took: 55 },
];

const BARE = { name: 'the old version has answered', took: 7 };

/** Ways back of about `took`, beside a floor of about `floor`; each pair with its own mood of the machine. */
function measured(took: number, floor: number): MeasuredRollbacks {
  const moods = [1, 1.1, 0.9, 1.2, 1, 1.05, 0.95, 1.15, 1, 0.98];
  return {
    pairs: moods.map((mood) => ({
      slipway: { took: took * mood, steps: STEPS, requests: { sent: 40, failed: 0 } },
      floor: { roundTrip: { took: floor * 0.8 * mood, steps: [BARE] }, switched: floor * 0.2 * mood },
    })),
  };
}

const verdicts = (took: number, floor: number): readonly string[] => {
  const { ratio, took: byClock } = judgeRollbacks(measured(took, floor));
  return [ratio.verdict, byClock.verdict];
};

test('the floor of a pair is a bare activity and a bare switch together', () => {
  expect(judgeRollbacks(measured(60, 50))).toMatchObject({ ratio: { median: 1.2 }, floor: 50 });
});

test('the way back is judged against the floor of the same run, and by the clock, each for itself', () => {
  expect(verdicts(60, 50)).toEqual(['met', 'met']);
  expect(verdicts(90, 50)).toEqual(['missed', 'met']);
  expect(verdicts(200, 180)).toEqual(['met', 'missed']);
});

test('a goal that lies in the interval is not clear', () => {
  expect(verdicts(101, 90)).toEqual(['met', 'not clear']);
});

test('a fault is known in time only when the slowest verdict was within the bound', () => {
  const of = (hang: readonly number[]) =>
    judgeFaults({ error: [500, 590], hang, exit: [40] }, 800).map(({ fault, verdict }) => `${fault} ${verdict}`);
  expect(of([700, 790, 800])).toEqual(['error met', 'hang met', 'exit met']);
  expect(of([700, 790, 801])).toEqual(['error met', 'hang not clear', 'exit met']);
  expect(of([850, 900, 820])).toEqual(['error met', 'hang missed', 'exit met']);
});

test('the report says what was measured, against what, and where the time went', () => {
  const pairs = measured(60, 50);
  const faults = judgeFaults({ error: [500], hang: [900], exit: [40] });
  const lines = describeRollbacks(judgeRollbacks(pairs), faults, pairs).split('\n');
  expect(lines).toContain('against the bare floor    60 ms  50 ms   1.20   1.20 to 1.20    1.50  met');
  expect(lines).toContain(
    'Of 400 requests from the first answer of a bad version to the first good one, 0 got no page.',
  );
  expect(lines).toContain('its evidence is sealed         5.0 ms');
  expect(lines).toContain('the old version has answered  55.0 ms  7.0 ms');
  expect(lines.find((line) => line.startsWith('answers no more'))).toMatch(
    /900 ms +900 to 900 +900 ms +800 ms +missed$/,
  );
  expect(lines.at(-1)).toMatch(/^verdict to first good answer 60 ms \(goal 100 ms\), 1\.20 of the bare floor/);
});
