import { measureFaults } from './faults.ts';
import { openBenchPlatform } from './platform.ts';
import { describe, judge } from './report.ts';
import { describeRollbacks, judgeFaults, judgeRollbacks } from './rollback-report.ts';
import { measureRollbacks } from './rollback.ts';
import { openSetting } from './setting.ts';
import { measureStages } from './stages.ts';

/** `stages`: rounds over the four targets, so 40 pairs. `rollbacks`: pairs. `faults`: of each kind. */
const ROUNDS = { stages: 10, rollbacks: 15, faults: 6 } as const;

const report = (line: string): void => console.error(line);

/** Each prints its figures on stdout, and answers whether no goal was clearly missed. */
const BENCHMARKS: Readonly<Record<string, () => Promise<boolean>>> = {
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
};

const name = process.argv[2] ?? 'stages';
const benchmark = BENCHMARKS[name];
if (benchmark === undefined) {
  console.error(`expected one of ${Object.keys(BENCHMARKS).join(', ')}; found ${name}`);
  process.exitCode = 2;
} else {
  process.exitCode = (await benchmark()) ? 0 : 1;
}
