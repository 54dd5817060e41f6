import { BOUND, type MeasuredFaults } from './faults.ts';
import type { MeasuredRollbacks } from './rollback.ts';
import { FAULTS, HEALTH, type Fault } from './shop.ts';
import { estimatedMedian, median, ratioOfMedians, verdictOn, type Estimate, type Verdict } from './statistics.ts';
import { amount, table } from './table.ts';
import { medianSteps, type Step } from './way.ts';

/** The ratio to the bare floor that is not to be passed, and the milliseconds that the way back is to stay below. */
const GOAL = { ratio: 1.5, within: 100 } as const;

export interface JudgedRollbacks {
  readonly ratio: Estimate & { readonly verdict: Verdict };
  readonly took: Estimate & { readonly verdict: Verdict };
  /** Milliseconds. */
  readonly floor: number;
}

export interface JudgedFault {
  readonly fault: Fault;
  /** Milliseconds from the fault to the verdict. */
  readonly took: Estimate;
  readonly slowest: number;
  /** A bound holds each time: `met` only when the slowest is within it; `missed` when half of them are clearly not. */
  readonly verdict: Verdict;
}

export function judgeRollbacks({ pairs }: MeasuredRollbacks): JudgedRollbacks {
  const measured = pairs.map(
    ({ slipway, floor: { roundTrip, switched } }) => [slipway.took, roundTrip.took + switched] as const,
  );
  const ratio = ratioOfMedians(measured);
  const took = estimatedMedian(measured.map(([own]) => own));
  return {
    ratio: { ...ratio, verdict: verdictOn(ratio, GOAL.ratio) },
    took: { ...took, verdict: verdictOn(took, GOAL.within) },
    floor: median(measured.map(([, bare]) => bare)),
  };
}

export function judgeFaults(measured: MeasuredFaults, bound: number = BOUND): readonly JudgedFault[] {
  return FAULTS.map((fault) => {
    const took = estimatedMedian(measured[fault]);
    const slowest = Math.max(...measured[fault]);
    const verdict = slowest <= bound ? 'met' : took.low > bound ? 'missed' : 'not clear';
    return { fault, took, slowest, verdict };
  });
}

/** The tables, and on the last line the figures alone. */
export function describeRollbacks(
  rollbacks: JudgedRollbacks,
  faults: readonly JudgedFault[],
  { pairs }: MeasuredRollbacks,
): string {
  const { ratio, took, floor } = rollbacks;
  const slowest = Math.max(...pairs.map(({ slipway }) => slipway.took));
  const sent = pairs.reduce((sum, { slipway }) => sum + slipway.requests.sent, 0);
  const failed = pairs.reduce((sum, { slipway }) => sum + slipway.requests.failed, 0);
  const activity = amount(median(pairs.map((pair) => pair.floor.roundTrip.took)), 'ms');
  const switched = amount(median(pairs.map((pair) => pair.floor.switched)), 'ms');
  return [
    `From the failed verdict to the first good answer of the old version, medians of ${pairs.length} pairs:`,
    '',
    ...table([
      ['', 'Slipway', 'bare', 'ratio', '95 % interval', 'goal', ''],
      [
        'against the bare floor',
        amount(took.median, 'ms'),
        amount(floor, 'ms'),
        ...estimated(ratio, 2),
        GOAL.ratio.toFixed(2),
        ratio.verdict,
      ],
      ['by the clock', amount(took.median, 'ms'), '', '', estimated(took, 0)[1], `${GOAL.within} ms`, took.verdict],
    ]),
    '',
    `The slowest: ${slowest} ms. The floor: ${activity} for a bare activity, ${switched} for the switch with one probe.`,
    `Of ${sent} requests from the first answer of a bad version to the first good one, ${failed} got no page.`,
    '',
    'Where the time goes, medians:',
    '',
    ...table([['until', 'Slipway', 'bare', ''], ...stepRows(pairs)]),
    '',
    `From a fault in the soak to the verdict, bound ${HEALTH.failures} x ${HEALTH.interval} ms + ${HEALTH.timeout} ms = ${BOUND} ms:`,
    '',
    ...table([
      ['', 'median', '95 % interval', 'slowest', 'bound', ''],
      ...faults.map(({ fault, took: its, slowest: longest, verdict }) => [
        NAMES[fault],
        amount(its.median, 'ms'),
        estimated(its, 0)[1],
        amount(longest, 'ms'),
        amount(BOUND, 'ms'),
        verdict,
      ]),
    ]),
    '',
    [
      `verdict to first good answer ${Math.round(took.median)} ms (goal ${GOAL.within} ms)`,
      `${ratio.median.toFixed(2)} of the bare floor (goal ${GOAL.ratio.toFixed(2)})`,
      ...faults.map(({ fault, slowest: longest }) => `${fault} to verdict at most ${longest} ms (bound ${BOUND} ms)`),
    ].join(', '),
  ].join('\n');
}

const NAMES: Readonly<Record<Fault, string>> = {
  error: 'answers 500',
  hang: 'answers no more',
  exit: 'exits',
};

function estimated({ median: measured, low, high }: Estimate, digits: number): readonly [string, string] {
  return [measured.toFixed(digits), `${low.toFixed(digits)} to ${high.toFixed(digits)}`];
}

function stepRows(pairs: MeasuredRollbacks['pairs']): readonly string[][] {
  const bare = medianSteps(pairs.flatMap(({ floor }) => floor.roundTrip.steps));
  const milliseconds = (step: Step | undefined): string => (step === undefined ? '' : `${step.took.toFixed(1)} ms`);
  return medianSteps(pairs.flatMap(({ slipway }) => slipway.steps)).map((step) => [
    step.name,
    milliseconds(step),
    milliseconds(bare.find(({ name }) => name === step.name)),
    '',
  ]);
}
