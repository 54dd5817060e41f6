import { median, ratioOfMedians, verdictOn, type Estimate, type Verdict } from './statistics.ts';
import type { MeasuredStore, Worked } from './store.ts';
import { amount, table } from './table.ts';

/** The ratio to the floor, and the bytes of memory, that are not to be passed. */
const GOAL = { ratio: 1.3, memory: 200e6 } as const;

export interface JudgedStore {
  readonly ratio: Estimate & { readonly verdict: Verdict };
  /** Milliseconds, medians. */
  readonly store: number;
  readonly floor: number;
  /** The most memory of all processes, in bytes; a bound holds each time. */
  readonly memory: { readonly peak: number; readonly verdict: Verdict };
}

export function judgeStore({ rounds, way }: MeasuredStore): JudgedStore {
  const pairs = rounds.map(({ store, floor }) => [total(store), total(floor)] as const);
  const ratio = ratioOfMedians(pairs);
  const peak = Math.max(way.peak, ...rounds.map(({ store }) => store.peak));
  return {
    ratio: { ...ratio, verdict: verdictOn(ratio, GOAL.ratio) },
    store: median(pairs.map(([store]) => store)),
    floor: median(pairs.map(([, floor]) => floor)),
    memory: { peak, verdict: peak <= GOAL.memory ? 'met' : 'missed' },
  };
}

/** The table, and on the last line the figures alone. */
export function describeStore({ ratio, store, floor, memory }: JudgedStore, measured: MeasuredStore): string {
  const { size, rounds, way } = measured;
  return [
    `${size / 2 ** 20} MiB put and verified, beside sha256 + copy + fsync of the same bytes, medians of ${rounds.length} rounds:`,
    '',
    ...table([
      ['', 'Slipway', 'floor', 'ratio', '95 % interval', 'goal', ''],
      [
        'time',
        amount(store, 'ms'),
        amount(floor, 'ms'),
        ratio.median.toFixed(2),
        `${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)}`,
        GOAL.ratio.toFixed(2),
        ratio.verdict,
      ],
      ['peak memory', megabytes(memory.peak), '', '', '', megabytes(GOAL.memory), memory.verdict],
    ]),
    '',
    `Where the time goes: ${medians(rounds.map((round) => round.store))}; the floor: ${medians(rounds.map((round) => round.floor))}.`,
    `The whole way of an artifact, once: ${medians([way])}; peak memory ${megabytes(way.peak)}.`,
    `put + verify ${ratio.median.toFixed(2)} of the floor (goal ${GOAL.ratio.toFixed(2)}), peak memory ${megabytes(memory.peak)} (goal ${megabytes(GOAL.memory)})`,
  ].join('\n');
}

function total({ steps }: Worked): number {
  return Object.values(steps).reduce((sum, took) => sum + took, 0);
}

function medians(worked: readonly Worked[]): string {
  return Object.keys(worked[0]?.steps ?? {})
    .map((step) => `${step} ${amount(median(worked.map(({ steps }) => steps[step] ?? Number.NaN)), 'ms')}`)
    .join(', ');
}

function megabytes(bytes: number): string {
  return amount(bytes / 1e6, 'MB');
}
