import { formatTarget } from '../contract/target.ts';
import { targetHistory } from '../records/target.ts';
import { command, type CommandFactory } from './command.ts';
import { describeHistory } from './report/history.ts';
import { refuseUnknownTarget } from './recorded.ts';
import { targetNamed } from './subject.ts';

/** What was deployed, when and why (§14), from the store alone. */
export const historyCommand: CommandFactory = (cli) =>
  command('history', 'Show what was deployed, when and why', 'history staging/storefront')
    .argument('<target>', 'environment/component')
    .action(
      cli.action<object, [string]>(async (context, _, text) => {
        const target = targetNamed(text);
        const artifacts = await context.artifacts();
        const records = await targetHistory(artifacts.component(target.component), target);
        if (records.length === 0) await refuseUnknownTarget(await context.platform(), artifacts, target);
        context.output.answer({ target: formatTarget(target), records }, (paint) =>
          records.length === 0 ? ['nothing has been deployed there yet'] : describeHistory(records, paint),
        );
        return 0;
      }),
    );
