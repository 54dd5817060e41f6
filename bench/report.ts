import { median, ratioOfMedians, verdictOn, type Estimate, type Verdict } from './statistics.ts';
import type { Cost, Measured } from './stages.ts';
import { amount, table } from './table.ts';

interface Goal {
  readonly of: keyof Cost;
  readonly name: string;
  /** The ratio to the bare workflow that is not to be passed. */
  readonly ratio: number;
  readonly unit: string;
}

const GOALS: readonly Goal[] = [
  { of: 'ownTime', name: 'own time', ratio: 1.1, unit: 'ms' },
  { of: 'submitToResult', name: 'submit to result', ratio: 1.25, unit: 'ms' },
  { of: 'events', name: 'events', ratio: 1.25, unit: '' },
  { of: 'historyBytes', name: 'history bytes', ratio: 1.6, unit: 'B' },
];

export interface Line extends Estimate {
  readonly goal: Goal;
  readonly slipway: number;
  readonly bare: number;
  readonly verdict: Verdict;
}

export function judge({ pairs }: Measured): Line[] {
  return GOALS.map((goal) => {
    const measured = pairs.map(({ slipway, bare }) => [slipway[goal.of], bare[goal.of]] as const);
    const ratio = ratioOfMedians(measured);
    return {
      ...ratio,
      goal,
      slipway: median(measured.map(([own]) => own)),
      bare: median(measured.map(([, other]) => other)),
      verdict: verdictOn(ratio, goal.ratio),
    };
  });
}

/** The table, and on the last line the figures alone. */
export function describe(lines: readonly Line[], { pairs, lane }: Measured): string {
  const rows = lines.map(({ goal, slipway, bare, median: ratio, low, high, verdict }) => [
    goal.name,
    amount(slipway, goal.unit),
    amount(bare, goal.unit),
    ratio.toFixed(2),
    `${low.toFixed(2)} to ${high.toFixed(2)}`,
    goal.ratio.toFixed(2),
    verdict,
  ]);
  return [
    `Seven no-op stages, medians of ${pairs.length} pairs, and ratios of medians:`,
    '',
    ...table([['', 'Slipway', 'bare', 'ratio', '95 % interval', 'goal', ''], ...rows]),
    '',
    `Beside it, the lane: ${lane.events.toFixed(0)} events and ${lane.historyBytes.toFixed(0)} B a deployment.`,
    lines
      .map(({ goal, median: ratio }) => `${goal.name} ${ratio.toFixed(2)} (goal ${goal.ratio.toFixed(2)})`)
      .join(', '),
  ].join('\n');
}
