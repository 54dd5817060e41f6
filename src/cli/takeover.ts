import type { Person } from '../contract/acts.ts';
import { acting } from './acting.ts';
import { command, personOf, personOptions, type CommandFactory } from './command.ts';
import { currentRecord } from './current-record.ts';
import { describeRecord } from './report/record.ts';

/** Hands a rollback that does not succeed to a person (§13); it ends as rollback-failed. */
export const takeoverCommand: CommandFactory = (cli) => {
  const [by, reason] = personOptions();
  return command(
    'takeover',
    'Take over a rollback that does not succeed',
    'takeover staging/storefront/7 --by ada --reason "The disk is broken, I restore it by hand"',
  )
    .argument('<id>', 'deployment id or request id')
    .addOption(by)
    .addOption(reason)
    .action(
      cli.action<Person, [string]>(async (context, options, id) => {
        const person = personOf(options);
        const record = await acting(context, async (slipway) => {
          const { deploymentId } = await currentRecord(context, id);
          return await slipway.takeover(deploymentId ?? id, person);
        });
        context.output.answer(record, (paint) => describeRecord(record, paint));
        return 0;
      }),
    );
};
