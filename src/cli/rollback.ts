import { formatTarget } from '../contract/target.ts';
import { carry, type CarryOptions } from './carry.ts';
import { command, personOf, personOptions, type CommandFactory } from './command.ts';
import { refuseUnknownTarget } from './recorded.ts';
import { targetNamed } from './subject.ts';

interface RollbackOptions extends CarryOptions {
  readonly version?: string;
  readonly by: string;
  readonly reason: string;
  readonly requestId?: string;
}

/** Orders the return to an earlier release (§13), through all seven stages. */
export const rollbackCommand: CommandFactory = (cli) => {
  const [by, reason] = personOptions();
  return command(
    'rollback',
    'Return to an earlier release, past any hold',
    'rollback staging/storefront --by ada --reason "Checkout is empty" --wait',
  )
    .argument('<target>', 'environment/component')
    .option('--version <version>', 'the release to return to (default: the one before the live one)')
    .addOption(by)
    .addOption(reason)
    .option('--request-id <id>', 'the same id again is the same rollback, and the same answer')
    .option('--wait', 'follow it to its end; the exit code is the result')
    .action(
      cli.action<RollbackOptions, [string]>(async (context, options, text) => {
        const target = targetNamed(text);
        const person = personOf(options);
        await refuseUnknownTarget(await context.platform(), await context.artifacts(), target);
        const { version = null, requestId } = options;
        const request = requestId === undefined ? {} : { requestId };
        return await carry(context, options, (slipway) =>
          slipway.rollback({ ...person, ...request, target: formatTarget(target), version }),
        );
      }),
    );
};
