import { parseArgs } from 'node:util';
import { measureFaults } from './faults.ts';
import { openBenchPlatform } from './platform.ts';
import { findDockerRegistry } from './registry.ts';
import { describe, judge } from './report.ts';
import { describeRollbacks, judgeFaults, judgeRollbacks } from './rollback-report.ts';
import { measureRollbacks } from './rollback.ts';
import { openSetting } from './setting.ts';
import { measureStages } from './stages.ts';
import { describeStore, judgeStore } from './store-report.ts';
import { measureStore } from './store.ts';

/** `stages`: rounds over the four targets, so 40 pairs. `rollbacks`, `store`: pairs. `faults`: of each kind. */
const ROUNDS = { stages: 10, rollbacks: 15, faults: 6, store: 7 } as const;

const report = (line: string): void => console.error(line);

/** Each prints its figures on stdout, and answers whether no goal was clearly missed. */
const BENCHMARKS: Readonly<Record<string, (args: readonly string[]) => Promise<boolean>>> = {
  /** What the pipeline costs beside a bare workflow. */
  async stages() {
    const setting = await openSetting(process.env, report);
    try {
      const measured = await measureStages(setting.client, ROUNDS.stages, report);
      const lines = judge(measured);
      console.log(describe(lines, measured));
      return lines.every(({ verdict }) => verdict !== 'missed');
    } finally {
      await setting.close();
    }
  },

  /** How long the way back takes, and how long a fault goes unnoticed. */
  async rollback() {
    const platform = await openBenchPlatform(process.env, report);
    try {
      const good = await platform.deployGood('good');
      const measured = await measureRollbacks(platform, good, ROUNDS.rollbacks, report);
      const faults = judgeFaults(await measureFaults(platform, ROUNDS.faults, report));
      const rollbacks = judgeRollbacks(measured);
      console.log(describeRollbacks(rollbacks, faults, measured));
      return [rollbacks.ratio, rollbacks.took, ...faults].every(({ verdict }) => verdict !== 'missed');
    } finally {
      await platform.close();
    }
  },

  /** What it costs to store an artifact and to hash it again, and how much memory that takes. `--size` in MiB, 1024. */
  async store(args) {
    const { size = '1024', rounds = String(ROUNDS.store) } = parseArgs({
      args: [...args],
      options: { size: { type: 'string' }, rounds: { type: 'string' } },
    }).values;
    const measured = await measureStore(
      { size: Number(size) * 2 ** 20, rounds: Number(rounds), registry: findDockerRegistry(process.env) },
      report,
    );
    const judged = judgeStore(measured);
    console.log(describeStore(judged, measured));
    return [judged.ratio, judged.memory, ...(judged.registry === null ? [] : [judged.registry.memory])].every(
      ({ verdict }) => verdict !== 'missed',
    );
  },
};

const name = process.argv[2] ?? 'stages';
const benchmark = BENCHMARKS[name];
if (benchmark === undefined) {
  console.error(`expected one of ${Object.keys(BENCHMARKS).join(', ')}; found ${name}`);
  process.exitCode = 2;
} else {
  process.exitCode = (await benchmark(process.argv.slice(3))) ? 0 : 1;
}
