import { carry, type CarryOptions } from './carry.ts';
import { command, type CommandFactory } from './command.ts';
import { withRevision, type SourceOptions } from './order-source.ts';

interface DeployOptions extends SourceOptions, CarryOptions {
  readonly change: string;
  readonly by: string;
  readonly requestId?: string;
}

/** Orders a deployment. The revision is resolved here, once, so that the order names a commit for good. */
export const deployCommand: CommandFactory = (cli) =>
  command(
    'deploy',
    'Carry a change through the seven stages',
    'deploy storefront --to staging --change CHG-1042 --by ada --wait',
  )
    .argument('<component>', 'what to deploy')
    .requiredOption('--to <environment>', 'where to')
    .requiredOption('--change <id>', 'the change that this is, as in changes/<id>.yaml')
    .requiredOption('--by <who>', 'who asks for it')
    .option('--source <name>', 'the source it comes from (default: the only one)')
    .option('--revision <commit>', 'branch, hash or its beginning (default: the head of the first plain branch)')
    .option('--request-id <id>', 'the same id again is the same deployment, and the same answer')
    .option('--wait', 'follow it to its end; the exit code is the result')
    .action(
      cli.action<DeployOptions, [string]>(async (context, options, component) => {
        const { to, change, by, requestId } = options;
        // Side by side: a server that is away is said at once, however long the source takes.
        const [order] = await Promise.all([
          withRevision(context, component, options, async ({ name: source }, revision) => ({ source, revision })),
          context.slipway(),
        ]);
        const request = requestId === undefined ? {} : { requestId };
        return await carry(context, options, (slipway) =>
          slipway.deploy({ ...order, ...request, target: `${to}/${component}`, change, by }),
        );
      }),
    );
