import type { Person } from '../../contract/acts.ts';
import { SlipwayError } from '../../contract/failure.ts';
import { holderName } from '../../signing/choice.ts';
import { revokeKey } from '../../signing/keys.ts';
import { time } from '../../config/trust.ts';
import { command, personOf, personOptions, type CommandFactory } from '../command.ts';
import { when } from '../report/time.ts';
import { lineOf } from './holder.ts';

interface Flags extends Person {
  readonly from?: string;
}

/** Lets nothing count that a key signed from a time on: somebody else may have it. */
export const revokeKeyCommand: CommandFactory = (cli) => {
  const [by, reason] = personOptions();
  return command(
    'revoke',
    'Let nothing count that a key signed from a time on',
    'keys revoke builder-1 --by ada --reason "The laptop was stolen" --from 2026-11-25T13:00:00Z',
  )
    .argument('<name>', 'as slipway keys list names it')
    .addOption(by)
    .addOption(reason)
    .option('--from <time>', 'since when somebody else may have had it, in UTC; now unless given')
    .action(
      cli.action<Flags, [string]>(async (context, options, name) => {
        const person = personOf(options);
        const said = { by: lineOf('--by', person.by), reason: lineOf('--reason', person.reason) };
        const now = new Date();
        const act = { ...said, from: options.from === undefined ? now.toISOString() : timeOf(options.from) };
        const loaded = await context.platform();
        const { without, from } = await revokeKey({ loaded, env: context.env, now }, name, act);
        context.output.answer({ name, revoked: from, without: without.map(holderName) }, () => [
          `${name} is revoked: nothing counts that it signed from ${when(from)} on, and nothing new is deployed by it`,
          ...without.map((holder) => `${holderName(holder)} has no valid key any more: slipway keys create`),
        ]);
        return 0;
      }),
    );
};

function timeOf(text: string): string {
  const { data, success } = time.safeParse(text);
  if (success) return data;
  throw new SlipwayError('USAGE', `--from: found ${text}, expected a time in UTC, such as 2026-11-25T13:00:00Z`);
}
