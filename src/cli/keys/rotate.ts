import { Option } from 'commander';
import { rotateKey } from '../../signing/keys.ts';
import { command, type CommandFactory } from '../command.ts';
import { when } from '../report/time.ts';
import { environmentOption, holderNamed, lineOf } from './holder.ts';
import { describeMade, madeKeyOf } from './made.ts';

interface Flags {
  readonly environment?: string;
  readonly by: string;
}

/** Lets a role sign with a new key; what the old one signed stays valid. */
export const rotateKeyCommand: CommandFactory = (cli) =>
  command('rotate', 'Let a role sign with a new key; old records stay valid', 'keys rotate builder --by ada')
    .argument('<role>', 'orchestrator, builder or deployer')
    .addOption(environmentOption())
    .addOption(new Option('--by <who>', 'who does this').makeOptionMandatory())
    .action(
      cli.action<Flags, [string]>(async (context, { environment, by }, role) => {
        const loaded = await context.platform();
        const holder = holderNamed(loaded, role, environment);
        const rotation = await rotateKey({ loaded, env: context.env, now: new Date() }, holder, lineOf('--by', by));
        const { retired, until } = rotation;
        const made = madeKeyOf(loaded, context.env, rotation.made);
        context.output.answer({ made, retired, until }, () => [
          ...describeMade(made),
          ...(retired.length === 0
            ? []
            : [`${retired.join(', ')} counts until ${when(until)}; what it has signed stays valid`]),
          ...(made.expectedAt === null ? ['a running slipway up takes it up by itself'] : []),
        ]);
        return 0;
      }),
    );
