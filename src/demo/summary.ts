import { join, relative } from 'node:path';
import { oneLine, type Paint } from '../cli/report/paint.ts';
import { describeResult } from '../cli/report/record.ts';
import { table } from '../cli/report/table.ts';
import { between, elapsed, when } from '../cli/report/time.ts';
import type { DeploymentRecord, RecordedRollback } from '../contract/record.ts';
import { formatTarget } from '../contract/target.ts';
import type { Verification } from '../records/verify.ts';
import type { Observation } from '../runtime/driver.ts';
import { keysOf, type DemoOutcome, type Findings } from './outcome.ts';
import type { Playing } from './playing.ts';
import type { Telling } from './telling.ts';

export interface Summary {
  readonly findings: Findings;
  readonly outcome: DemoOutcome;
  /** The first requests that failed. */
  readonly failures: readonly string[];
  /** What was not as it should be, as sentences. */
  readonly wrong: readonly string[];
}

/** Tells what runs now, and where. */
export function tellStart(telling: Telling, { folder, pids }: Playing, took: number): void {
  const processes = [...pids].map(([name, pid]) => `${name} (${pid})`).join(', ');
  telling.meanwhile(null);
  telling.line(`  Ready after ${elapsed(took)}: ${processes}`);
  telling.line(`  Repository, store, state and logs: ${shown(folder)}`);
}

/** Tells what a demo came to: what was deployed, when and why (§14), what the checker says, what the client saw. */
export function tellSummary(telling: Telling, { findings, outcome, failures, wrong }: Summary): void {
  const { paint } = telling;
  const { records, verifications } = findings;
  tellHeading(telling, 'What was deployed, when and why');
  const rows = table(records.map((record) => rowOf(record, paint)));
  for (const [index, record] of records.entries()) {
    telling.line(`  ${rows[index]}`);
    telling.paragraph('    ', whenAndWhy(record));
  }

  tellHeading(telling, 'slipway verify');
  for (const row of table(verifications.map((verification) => verdictOf(verification, paint))))
    telling.line(`  ${row}`);

  tellHeading(telling, 'All the while');
  const { requests, requestsByStep, instancesUnchanged } = outcome;
  telling.line(`  ${requests.sent} requests sent, ${good(requests.failed === 0, `${requests.failed} failed`, paint)}`);
  for (const { step, sent, failed, mayFail } of requestsByStep.filter((each) => each.failed > 0)) {
    const share = paint(mayFail ? 'yellow' : 'red', `${failed} of ${sent} failed`);
    telling.line(`    ${share} in "${step}"${mayFail ? ', where something bad was live' : ''}`);
  }
  for (const failure of failures) telling.line(`    ${failure}`);
  const state = good(instancesUnchanged, instancesUnchanged ? 'unchanged' : 'changed', paint);
  telling.line(`  The agent's instance folder, from the old version to the new one: ${state}`);

  if (wrong.length === 0) return;
  tellHeading(telling, paint('red', 'Not as it should be'));
  for (const sentence of wrong) telling.line(`  ${sentence}`);
}

/** Tells where the history of all this is to be seen. */
export function tellServer(telling: Telling, { ui, server }: Playing, keep: boolean): void {
  tellHeading(telling, 'Temporal UI');
  const hint = keep ? '' : telling.paint('dim', ' (it ends with the demo; --keep leaves everything running)');
  telling.line(`  ${ui ?? `that of the server at ${server.address}, namespace ${server.namespace}`}${hint}`);
}

/** Tells what there is to look at and to try while everything goes on running. */
export function tellKept(
  telling: Telling,
  { folder, server, ui, story }: Playing,
  observed: readonly Observation[],
): void {
  tellHeading(telling, 'Everything goes on running until Ctrl-C. Look at');
  const served = observed.flatMap(({ target, address }) => (address === null ? [] : [[address, target]]));
  for (const row of table(served)) telling.line(`  ${row}`);

  tellHeading(telling, 'Try, in another terminal');
  const target = formatTarget({ environment: story.environment, component: story.client.component });
  const environment = ui === null ? `TEMPORAL_NAMESPACE=${server.namespace} ` : '';
  for (const words of [
    'status',
    `history ${target}`,
    `logs ${target}`,
    `rollback ${target} --by me --reason 'to see it'`,
  ]) {
    telling.line(`  ${environment}npx slipway ${words} --config ${shown(join(folder, 'platform.yaml'))}`);
  }
}

function tellHeading(telling: Telling, text: string): void {
  telling.line();
  telling.line(telling.paint('bold', text));
}

function good(isGood: boolean, text: string, paint: Paint): string {
  return paint(isGood ? 'green' : 'red', text);
}

/** A path as a person in this folder would write it. */
function shown(folder: string): string {
  return relative(process.cwd(), folder) || '.';
}

/** What, how it ended, how long that took, the very artifact, and the way back from it. */
function rowOf(record: DeploymentRecord, paint: Paint): string[] {
  const { deploymentId, target, result, artifact, failure, rollback, stages } = record;
  const began = stages[0]?.startedAt;
  const ended = stages.at(-1)?.finishedAt;
  return [
    paint('bold', deploymentId ?? target),
    describeResult(result, false, paint) + (failure === null ? '' : ` ${failure.code}`),
    began && ended ? elapsed(between(began, ended)) : '-',
    artifact?.version ?? '-',
    rollback === null ? '' : wayBackOf(rollback, paint),
  ];
}

/** How the way back went, and how long it took. */
function wayBackOf({ outcome, startedAt, restoredAt }: RecordedRollback, paint: Paint): string {
  const took = restoredAt === null ? '' : ` after ${elapsed(between(startedAt, restoredAt))}`;
  return paint(outcome === 'late' || outcome === 'failed' ? 'red' : 'yellow', `${outcome}${took}`);
}

function whenAndWhy({ change, failure, stages }: DeploymentRecord): string {
  const began = stages[0]?.startedAt;
  const why = [change.summary, change.reason].filter((part) => part !== null).join('. ') || (failure?.message ?? '');
  return `${began === undefined ? '' : `${when(began)}  `}${change.id}, ${change.requestedBy}: ${oneLine(why)}`;
}

function verdictOf({ id, verdict, clause, reason, signers }: Verification, paint: Paint): string[] {
  return verdict === 'VALID'
    ? [id, paint('green', verdict), paint('dim', `signed by ${keysOf(signers).join(', ') || 'nobody'}`)]
    : [id, paint('red', verdict), `${clause}: ${oneLine(reason ?? '')}`];
}
