import { holderName } from '../../signing/choice.ts';
import { createMissingKeys } from '../../signing/keys.ts';
import { command, type CommandFactory } from '../command.ts';
import type { Context } from '../context.ts';
import { environmentOption, holderNamed } from './holder.ts';
import { describeMade, madeKeyOf } from './made.ts';

interface Flags {
  readonly role?: string;
  readonly environment?: string;
}

/** Makes the keys that are missing, and has the trust policy know them. */
export const createKeysCommand: CommandFactory = (cli) =>
  command('create', 'Make a key for each role that has none to sign with', 'keys create')
    .option('--role <role>', 'orchestrator, builder or deployer; all of them unless given')
    .addOption(environmentOption())
    .action(
      cli.action<Flags, []>(async (context: Context, { role, environment }) => {
        const loaded = await context.platform();
        const named = role ?? (environment === undefined ? undefined : 'deployer');
        const only = named === undefined ? undefined : [holderNamed(loaded, named, environment)];
        const made = await createMissingKeys({ loaded, env: context.env, now: new Date() }, only);
        const keys = made.map((key) => madeKeyOf(loaded, context.env, key));
        context.output.answer({ made: keys }, () => [
          ...keys.flatMap(describeMade),
          ...(keys.length > 0
            ? []
            : [`${only === undefined ? 'no key' : `no key of ${only.map(holderName).join()}`} is missing`]),
        ]);
        return 0;
      }),
    );
