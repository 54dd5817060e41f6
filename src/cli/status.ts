import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError } from '../contract/failure.ts';
import type { Target } from '../contract/target.ts';
import { command, type CommandFactory } from './command.ts';
import type { Context } from './context.ts';
import { currentRecord, isRunning } from './current-record.ts';
import { followToEnd } from './follow.ts';
import { describeRecord } from './report/record.ts';
import { describeTargets } from './report/targets.ts';
import { subjectOf } from './subject.ts';
import { viewOfAll, viewOfTarget } from './target-view.ts';

interface StatusOptions {
  readonly watch?: boolean;
}

/** Milliseconds between two looks at all targets. */
const PAUSE = 1_000;

/** What goes on: on every target, on one, or with one deployment. */
export const statusCommand: CommandFactory = (cli) =>
  command('status', 'Show every target, or one deployment by stages', 'status staging/storefront/7 --watch')
    .argument('[target|id]', 'environment/component, deployment id or request id (default: every target)')
    .option('--watch', 'follow it to its end, or until Ctrl-C')
    .action(
      cli.action<StatusOptions, [string | undefined]>(async (context, { watch = false }, text) => {
        if (text === undefined) return watch ? await watchAll(context) : await showAll(context);
        const subject = subjectOf(text);
        if (subject.kind === 'target') return await showTarget(context, subject.target, watch);
        return await showDeployment(context, text, watch);
      }),
    );

async function showAll(context: Context): Promise<number> {
  const targets = await viewOfAll(context);
  context.output.answer({ targets }, (paint) => describeTargets(targets, paint));
  return 0;
}

/** Shows all targets whenever something about them has changed. */
async function watchAll(context: Context): Promise<number> {
  const { output } = context;
  if (output.json) throw new SlipwayError('USAGE', '--watch of all targets has no end to print: leave out --json');
  const interruption = context.interruption();
  for (let shown = ''; !interruption.aborted;) {
    const targets = await viewOfAll(context);
    const state = JSON.stringify(targets);
    if (state !== shown) output.answer({ targets }, (paint) => [...describeTargets(targets, paint), '']);
    shown = state;
    await delay(PAUSE, undefined, { signal: interruption }).catch(() => {});
  }
  return 0;
}

async function showTarget(context: Context, target: Target, watch: boolean): Promise<number> {
  const view = await viewOfTarget(context, target);
  if (view.running !== null && watch) return await showDeployment(context, view.running.deploymentId, watch);
  const record = view.running && (await currentRecord(context, view.running.deploymentId));
  context.output.answer({ targets: [view] }, (paint) => [
    ...describeTargets([view], paint),
    ...(record === null ? [] : ['', ...describeRecord(record, paint)]),
  ]);
  return 0;
}

async function showDeployment(context: Context, id: string, watch: boolean): Promise<number> {
  const seen = await currentRecord(context, id);
  const record = watch && isRunning(seen) ? await followToEnd(context, seen) : seen;
  context.output.answer(record, (paint) => describeRecord(record, paint));
  return 0;
}
