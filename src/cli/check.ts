import { SlipwayError } from '../contract/failure.ts';
import { EXIT_OF_RESULT } from '../contract/record.ts';
import { expectedState, refuseUnknownState } from '../records/known-state.ts';
import { readRecord } from '../records/record.ts';
import { environmentOf } from '../records/platform.ts';
import { recentRecords } from '../records/target.ts';
import type { Observation } from '../runtime/driver.ts';
import type { Target } from '../contract/target.ts';
import { pathsOf } from '../config/load.ts';
import { refuseUndeclaredSecrets } from '../secrets/missing.ts';
import { admit } from '../source/admission.ts';
import { command, type CommandFactory } from './command.ts';
import type { Context } from './context.ts';
import { withRevision, type SourceOptions } from './order-source.ts';
import { failureLine } from './report/output.ts';
import { oneLine } from './report/paint.ts';

interface CheckOptions extends SourceOptions {
  readonly change?: string;
}

interface CheckAnswer {
  readonly verdict: 'pass' | 'fail';
  readonly failure: { readonly code: string; readonly clause: string | null; readonly message: string } | null;
  /** Every change that a deployment would carry. */
  readonly carries: readonly string[];
}

/** Says before a merge what change intake would say (§5). Needs no server: what is live, it reads in the store. */
export const checkCommand: CommandFactory = (cli) =>
  command(
    'check',
    'Say what change intake would, changing nothing',
    'check storefront --to staging --revision my-branch',
  )
    .argument('<component>', 'what would be deployed')
    .requiredOption('--to <environment>', 'where to')
    .option('--change <id>', 'the change that it would be (default: the newest that it carries)')
    .option('--source <name>', 'the source it comes from (default: the only one)')
    .option('--revision <commit>', 'branch, hash or its beginning (default: the head of the first plain branch)')
    .action(
      cli.action<CheckOptions, [string]>(async (context, options, component) => {
        const answer = await judge(context, { environment: options.to, component }, options);
        const { failure, carries } = answer;
        context.output.answer(answer, (paint) =>
          failure === null
            ? [`${paint('green', 'pass')}: carries ${carries.map(oneLine).join(', ')}`]
            : [`${paint('red', 'fail')}: ${failureLine(failure)}`],
        );
        return failure === null ? 0 : EXIT_OF_RESULT.rejected;
      }),
    );

async function judge(context: Context, target: Target, options: CheckOptions): Promise<CheckAnswer> {
  const { component, environment } = target;
  const loaded = await context.platform();
  const { instances } = pathsOf(loaded);
  try {
    return await withRevision(context, component, options, async (repository, revision) => {
      const live = await liveRevision(context, target);
      const change = options.change ?? null;
      const admission = await admit({ repository, component, change, revision, live, instances });
      refuseUndeclaredSecrets(environment, environmentOf(loaded.platform, environment), admission.manifest);
      return { verdict: 'pass', failure: null, carries: admission.change.carries };
    });
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.fault !== 'change') throw error;
    const { code, clause, message } = error;
    return { verdict: 'fail', failure: { code, clause, message }, carries: [] };
  }
}

/** The revision that is live by the newest record; null before the first deployment. @throws UNKNOWN_RUNTIME_STATE */
async function liveRevision(context: Context, target: Target): Promise<{ readonly revision: string } | null> {
  const store = (await context.artifacts()).component(target.component);
  const [newest] = await recentRecords(store, target, 1);
  refuseUnknownState(target, newest, await observed(context, target));
  const live = expectedState(newest)?.live;
  const source = live && (await readRecord(store, live.deploymentId))?.record.source;
  return source ? { revision: source.revision } : null;
}

/** What the runtime shows; null, and said, when it does not answer: before a merge it may not be within reach. */
async function observed(context: Context, target: Target): Promise<Observation | null> {
  try {
    return await (await context.observer()).observe(target);
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'RUNTIME_UNAVAILABLE') throw error;
    context.output.tell('the runtime does not answer: judged by the records alone');
    return null;
  }
}
