import { resolve } from 'node:path';
import { Command } from 'commander';
import type { Told } from '../demo/demo.ts';
import type { CommandFactory, Work } from './command.ts';

interface DemoFlags {
  readonly story: string;
  readonly keep?: boolean;
}

/** `slipway demo`: tells a whole story on the examples, for real, in `./.slipway/demo`; then stops what it started. */
export const demoCommand: CommandFactory = (cli) =>
  new Command('demo')
    .description('Tells a whole story on the examples, for real; then stops all that it started')
    .option('--story <name>', 'which story', 'first-week')
    .option('--keep', 'leave everything running until Ctrl-C')
    .option('--json', 'print one JSON document on stdout, and nothing else there')
    .addHelpText('after', '\nExample:\n  $ slipway demo --keep')
    .action(cli.action<DemoFlags, []>(demo));

const demo: Work<DemoFlags, []> = async ({ env, output, interruption }, { story: name, keep = false }) => {
  // Loaded late: the other commands can do without it.
  const [{ readStory }, { runDemo }, { createTelling }] = await Promise.all([
    import('../demo/story.ts'),
    import('../demo/demo.ts'),
    import('../demo/telling.ts'),
  ]);
  const story = await readStory(name);
  const telling = createTelling(output.json ? process.stderr : process.stdout, env);
  const signal = interruption();
  // Without a listener the second Ctrl-C would end this process, and leave running what it is about to stop.
  for (const again of ['SIGINT', 'SIGTERM'] as const) process.on(again, () => {});

  const wrong: string[] = [];
  const onTold = (told: Told): void => {
    wrong.push(...told.wrong);
    if (output.json) output.answer(told.outcome, () => []);
  };
  try {
    await runDemo({ story, folder: resolve('.slipway', 'demo'), env, telling, signal, keep, onTold });
  } finally {
    telling.end();
  }
  return wrong.length === 0 ? 0 : 1;
};
