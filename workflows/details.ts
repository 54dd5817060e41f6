import type { DeploymentRecord } from '../src/contract/record.ts';
import type { LaneState } from '../src/contract/lane.ts';
import { STAGES } from '../src/contract/stages.ts';
import { formatTarget } from '../src/contract/target.ts';

const MARK = { passed: '✓', failed: '✗', aborted: '■' } as const;

/** A deployment as the Temporal UI shows it, in Markdown. */
export function describeRun(record: DeploymentRecord, notes: readonly string[]): string {
  const { change, artifact, from, result, failure, rollback, stages, wayBack = null } = record;
  const lines = [
    `**${record.deploymentId}** — ${said(change.id)}: ${said(change.summary ?? 'summary not read yet')}`,
    '',
    `${from?.version ?? '(nothing)'} → ${artifact?.version ?? '(not built yet)'}, asked for by ${said(change.requestedBy)}`,
    '',
    '| stage | result |',
    '|---|---|',
    ...STAGES.map((stage) => {
      const begun = stages.find((entry) => entry.stage === stage);
      return `| ${stage} | ${begun === undefined ? '' : begun.result === null ? 'running' : MARK[begun.result]} |`;
    }),
  ];
  if (failure !== null) lines.push('', `**${failure.code}** ${failure.clause ?? ''} ${said(failure.message)}`);
  if (failure !== null && result === null) lines.push('', 'On the way back.');
  if (wayBack !== null) lines.push('', `Way back: ${wayBack.state}. ${said(wayBack.seen)}`);
  if (rollback !== null) lines.push('', `Rollback: ${rollback.outcome}, to ${rollback.to?.version ?? '(nothing)'}`);
  if (result !== null) lines.push('', `Result: **${result}**`);
  return [...lines, ...notes.map((text) => `\n> ${said(text)}`)].join('\n');
}

/** A lane as the Temporal UI shows it, in Markdown. */
export function describeLane(state: LaneState, notes: readonly string[]): string {
  const { live, knownHealthy, hold, running, queue, generation, watch = null } = state;
  const lines = [
    `**${formatTarget(state.target)}**`,
    '',
    '| | |',
    '|---|---|',
    `| live | ${live === null ? '(nothing)' : `${live.version} by ${live.deploymentId}`} |`,
    `| known healthy | ${knownHealthy?.version ?? '(nothing)'} |`,
    `| generation | ${generation} |`,
    `| hold | ${hold === null ? 'none' : `${said(hold.reason)}, by ${said(hold.by)} since ${hold.since}`} |`,
    `| watched | ${watch === null ? 'no' : `${watch.deploymentId} until ${watch.until}`} |`,
    `| running | ${running?.deploymentId ?? 'nothing'} |`,
    `| queued | ${queue.map(({ order }) => said(order.requestId)).join(', ') || 'nothing'} |`,
  ];
  return [...lines, ...notes.map((text) => `\n> ${said(text)}`)].join('\n');
}

/** What somebody wrote, as text: one line that breaks no table, and holds neither links nor headings. */
function said(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\*[\]<>|#~]/g, (character) => `\\${character}`);
}
