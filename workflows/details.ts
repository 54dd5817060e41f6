import type { DeploymentRecord } from '../src/contract/record.ts';
import type { LaneState } from '../src/contract/lane.ts';
import { STAGES } from '../src/contract/stages.ts';
import { formatTarget } from '../src/contract/target.ts';

const MARK = { passed: '✓', failed: '✗', aborted: '■' } as const;

/** A deployment as the Temporal UI shows it, in Markdown. */
export function describeRun(record: DeploymentRecord, notes: readonly string[]): string {
  const { change, artifact, from, result, failure, rollback, stages } = record;
  const lines = [
    `**${record.deploymentId}** — ${change.id}: ${change.summary ?? 'summary not read yet'}`,
    '',
    `${from?.version ?? '(nothing)'} → ${artifact?.version ?? '(not built yet)'}, asked for by ${change.requestedBy}`,
    '',
    '| stage | result |',
    '|---|---|',
    ...STAGES.map((stage) => {
      const begun = stages.find((entry) => entry.stage === stage);
      return `| ${stage} | ${begun === undefined ? '' : begun.result === null ? 'running' : MARK[begun.result]} |`;
    }),
  ];
  if (failure !== null) lines.push('', `**${failure.code}** ${failure.clause ?? ''} ${failure.message}`);
  if (failure !== null && result === null) lines.push('', 'On the way back.');
  if (rollback !== null) lines.push('', `Rollback: ${rollback.outcome}, to ${rollback.to?.version ?? '(nothing)'}`);
  if (result !== null) lines.push('', `Result: **${result}**`);
  return [...lines, ...notes.map((text) => `\n> ${text}`)].join('\n');
}

/** A lane as the Temporal UI shows it, in Markdown. */
export function describeLane(state: LaneState, notes: readonly string[]): string {
  const { live, knownHealthy, hold, running, queue, generation } = state;
  const lines = [
    `**${formatTarget(state.target)}**`,
    '',
    '| | |',
    '|---|---|',
    `| live | ${live === null ? '(nothing)' : `${live.version} by ${live.deploymentId}`} |`,
    `| known healthy | ${knownHealthy?.version ?? '(nothing)'} |`,
    `| generation | ${generation} |`,
    `| hold | ${hold === null ? 'none' : `${hold.reason}, by ${hold.by} since ${hold.since}`} |`,
    `| running | ${running?.deploymentId ?? 'nothing'} |`,
    `| queued | ${queue.map(({ order }) => order.requestId).join(', ') || 'nothing'} |`,
  ];
  return [...lines, ...notes.map((text) => `\n> ${text}`)].join('\n');
}
