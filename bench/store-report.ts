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
  readonly memory: JudgedMemory;
  /** The same bytes to a registry and back, beside the store on disk; null where none was. */
  readonly registry: {
    readonly ratio: Estimate;
    /** Milliseconds, medians. */
    readonly registry: number;
    readonly store: number;
    readonly memory: JudgedMemory;
  } | null;
}

interface JudgedMemory {
  readonly peak: number;
  readonly verdict: Verdict;
}

export function judgeStore({ rounds, way }: MeasuredStore): JudgedStore {
  const pairs = rounds.map(({ store, floor }) => [total(store), total(floor)] as const);
  const ratio = ratioOfMedians(pairs);
  const peak = Math.max(way.peak, ...rounds.map(({ store }) => store.peak));
  return {
    ratio: { ...ratio, verdict: verdictOn(ratio, GOAL.ratio) },
    store: median(pairs.map(([store]) => store)),
    floor: median(pairs.map(([, floor]) => floor)),
    memory: judgeMemory(peak),
    registry: judgeRegistry(rounds),
  };
}

function judgeRegistry(rounds: MeasuredStore['rounds']): JudgedStore['registry'] {
  const measured = rounds.flatMap(({ registry, store }) => (registry === null ? [] : [{ registry, store }]));
  if (measured.length === 0) return null;
  const pairs = measured.map(({ registry, store }) => [total(registry), total(store)] as const);
  return {
    ratio: ratioOfMedians(pairs),
    registry: median(pairs.map(([registry]) => registry)),
    store: median(pairs.map(([, store]) => store)),
    memory: judgeMemory(Math.max(...measured.map(({ registry }) => registry.peak))),
  };
}

function judgeMemory(peak: number): JudgedMemory {
  return { peak, verdict: peak <= GOAL.memory ? 'met' : 'missed' };
}

/** The table, and on the last line the figures alone. */
export function describeStore({ ratio, store, floor, memory, registry }: JudgedStore, measured: MeasuredStore): string {
  const { size, rounds, way } = measured;
  return [
    `${size / 2 ** 20} MiB put and verified, beside sha256 + copy + fsync of the same bytes, medians of ${rounds.length} rounds:`,
    '',
    ...table([
      ['', 'Slipway', 'beside', 'ratio', '95 % interval', 'goal', ''],
      [
        'time, beside the floor',
        amount(store, 'ms'),
        amount(floor, 'ms'),
        ...inFigures(ratio),
        GOAL.ratio.toFixed(2),
        ratio.verdict,
      ],
      ['peak memory', megabytes(memory.peak), '', '', '', megabytes(GOAL.memory), memory.verdict],
      ...rowsOf(registry),
    ]),
    '',
    ...(registry === null ? ['Not measured on a registry: docker-registry is not installed here.'] : []),
    `Where the time goes: ${medians(rounds.map((round) => round.store))}; the floor: ${medians(rounds.map((round) => round.floor))}.`,
    ...(registry === null
      ? []
      : [`To a registry and back: ${medians(rounds.flatMap((round) => round.registry ?? []))}.`]),
    `The whole way of an artifact, once: ${medians([way])}; peak memory ${megabytes(way.peak)}.`,
    `put + verify ${ratio.median.toFixed(2)} of the floor (goal ${GOAL.ratio.toFixed(2)}), peak memory ${megabytes(memory.peak)} (goal ${megabytes(GOAL.memory)})`,
  ].join('\n');
}

function rowsOf(registry: JudgedStore['registry']): readonly (readonly string[])[] {
  if (registry === null) return [];
  const { ratio, memory } = registry;
  const took = [amount(registry.registry, 'ms'), amount(registry.store, 'ms'), ...inFigures(ratio)];
  return [
    ['time to a registry and back, beside the store', ...took, '', ''],
    ['peak memory with a registry', megabytes(memory.peak), '', '', '', megabytes(GOAL.memory), memory.verdict],
  ];
}

function inFigures({ median: ratio, low, high }: Estimate): readonly [string, string] {
  return [ratio.toFixed(2), `${low.toFixed(2)} to ${high.toFixed(2)}`];
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
