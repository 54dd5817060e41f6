import type { Person } from '../contract/acts.ts';
import { formatTarget } from '../contract/target.ts';
import { environmentOf } from '../records/platform.ts';
import { acting } from './acting.ts';
import { command, personOf, personOptions, type CommandFactory } from './command.ts';
import { describeTargets } from './report/targets.ts';
import { targetNamed } from './subject.ts';
import { viewOf } from './target-view.ts';

/** Takes the hold off a target; what is queued there goes on. */
export const resumeCommand: CommandFactory = (cli) => {
  const [by, reason] = personOptions();
  return command(
    'resume',
    'Let a held target take deployments again',
    'resume staging/storefront --by ada --reason "The catalog is mended"',
  )
    .argument('<target>', 'environment/component')
    .addOption(by)
    .addOption(reason)
    .action(
      cli.action<Person, [string]>(async (context, options, text) => {
        const target = targetNamed(text);
        const person = personOf(options);
        environmentOf((await context.platform()).platform, target.environment);
        const view = viewOf(await acting(context, (slipway) => slipway.resume(formatTarget(target), person)));
        context.output.answer(view, (paint) => describeTargets([view], paint));
        return 0;
      }),
    );
};
