import { SlipwayError } from '../contract/failure.ts';
import { formatTarget, type Target } from '../contract/target.ts';
import { environmentOf } from '../records/platform.ts';
import type { Observation } from '../runtime/driver.ts';
import { InvalidArgumentError } from 'commander';
import { command, type CommandFactory } from './command.ts';
import type { Context } from './context.ts';
import { followLog, readLog } from './log-file.ts';
import { targetNamed } from './subject.ts';

interface LogsOptions {
  readonly follow?: boolean;
  readonly lines?: number;
}

/** The live instance's own output, as it wrote it. */
export const logsCommand: CommandFactory = (cli) =>
  command('logs', "Show the live instance's own output", 'logs staging/storefront --follow --lines 20')
    .argument('<target>', 'environment/component')
    .option('--follow', 'go on until Ctrl-C, from one instance to the next')
    .option('--lines <number>', 'only the last so many lines (default: all)', wholeNumber)
    .action(
      cli.action<LogsOptions, [string]>(async (context, { follow = false, lines }, text) => {
        const { output } = context;
        const target = targetNamed(text);
        environmentOf((await context.platform()).platform, target.environment);
        if (output.json && follow) throw new SlipwayError('USAGE', '--follow has no end to print: leave out --json');
        const { live, log } = await observeLive(context, target);
        if (follow) {
          const newest = async () => (await observeLive(context, target)).log;
          await followLog({ log, newest, lines, pour: output.pour, signal: context.interruption() });
          return 0;
        }
        const content = await readLog(log, lines);
        if (!output.json) output.pour(content);
        const written = content.toString('utf8').split('\n').slice(0, -1);
        if (output.json) output.answer({ target: text, live, log, lines: written }, () => []);
        return 0;
      }),
    );

async function observeLive(context: Context, target: Target): Promise<Observation & { readonly log: string }> {
  const observation = await (await context.observer()).observe(target);
  const { log } = observation;
  if (log !== null) return { ...observation, log };
  throw new SlipwayError('UNKNOWN_DEPLOYMENT', `${formatTarget(target)}: found nothing live there; deploy it first`);
}

function wholeNumber(text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number.');
}
