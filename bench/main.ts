import { describe, judge } from './report.ts';
import { openSetting } from './setting.ts';
import { measureStages } from './stages.ts';

/** Rounds over the four targets: 40 pairs. */
const ROUNDS = 10;

const report = (line: string): void => console.error(line);

/** Each prints its figures on stdout, and answers whether no goal was clearly missed. */
const BENCHMARKS: Readonly<Record<string, () => Promise<boolean>>> = {
  async stages() {
    const setting = await openSetting(process.env, report);
    try {
      const measured = await measureStages(setting.client, ROUNDS, report);
      const lines = judge(measured);
      console.log(describe(lines, measured));
      return lines.every(({ verdict }) => verdict !== 'missed');
    } finally {
      await setting.close();
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
