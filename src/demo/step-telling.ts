import { oneLine, type Paint } from '../cli/report/paint.ts';
import { elapsed } from '../cli/report/time.ts';
import type { Hold, Person } from '../contract/acts.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import { endedStages, stageName, underWay, type StageLine } from './stage-lines.ts';
import type { Commit, Step } from './story.ts';
import type { Telling } from './telling.ts';

/** How one step is told while it goes on. */
export interface StepTelling {
  committed(commit: Commit, revision: string): void;
  ordered(target: string, order: { readonly change: string; readonly by: string }): void;
  /** A record as it stands now: tells the stages that have ended since, and shows the one that goes on. */
  progress(record: DeploymentRecord): void;
  /** Nothing is asked of the lane: what it does by itself is waited for. */
  awaiting(target: string): void;
  /** As `progress`, of a deployment that the lane began by itself: says first why. */
  followed(record: DeploymentRecord): void;
  /** @param mismatch how the record is unlike what was expected; null when it is not */
  ended(record: DeploymentRecord, mismatch: string | null): void;
  held(hold: Hold | null): void;
  resumed(target: string, person: Person): void;
}

const INDENT = '     ';
/** Of the longest stage's name, and of a time. */
const WIDTH = { stage: 'post-deploy verification'.length, time: '1 min 05 s'.length };

/** Tells the headline of a step, and then the step. */
export function tellStep(telling: Telling, step: Step, number: number, of: number): StepTelling {
  const { paint } = telling;
  const say = (text: string): void => telling.line(`${INDENT}${text}`);
  let told = 0;
  let isBreachTold = false;
  let isFollowing = false;

  function tellStages(record: DeploymentRecord): void {
    const ended = endedStages(record);
    for (const { stage, mark, took, note } of ended.slice(told)) {
      if (stage === 'rollback') tellBreach(record);
      const columns = [marked(mark, paint), stageName(stage).padEnd(WIDTH.stage), timed(took, paint), oneLine(note)];
      say(columns.join(' ').trimEnd());
    }
    told = Math.max(told, ended.length);
    if (record.rollback?.outcome === 'restoring') tellBreach(record);
  }

  /** As soon as it is known, and once: until then nobody has to be woken. */
  function tellBreach({ rollback }: DeploymentRecord): void {
    if (isBreachTold || !rollback?.breachedAt) return;
    isBreachTold = true;
    const past = `not back within ${elapsed(rollback.within)}`;
    const next = 'it goes on until the old version is seen healthy, or until a person takes over';
    say(`${paint('red', '! ROLLBACK_BREACHED')} ${past}; ${next}`);
  }

  function progress(record: DeploymentRecord): void {
    tellStages(record);
    const current = underWay(record);
    if (current === null) return telling.meanwhile(null);
    const { stage, since } = current;
    const name = `${INDENT.slice(2)}${stageName(stage).padEnd(WIDTH.stage)}`;
    telling.meanwhile(() => `${name} ${elapsed(Math.max(0, Date.now() - since)).padStart(WIDTH.time)}`);
  }

  telling.line();
  telling.line(`${paint('cyan', `${number}/${of}`.padEnd(4))} ${paint('bold', step.title)}`);
  return {
    committed({ author, message }, revision) {
      const [subject = ''] = message.split('\n');
      say(paint('dim', `commit ${revision.slice(0, 12)}  ${subject} (${author.replace(/ <.*/, '')})`));
    },
    ordered(target, { change, by }) {
      say(paint('dim', `deploy ${target} for ${change}, asked for by ${by}`));
    },
    progress,
    awaiting(target) {
      telling.meanwhile(() => `${INDENT.slice(2)}${target} is watched`);
    },
    followed(record) {
      if (!isFollowing) {
        isFollowing = true;
        told = 0;
        const { requestedBy, reason } = record.change;
        say(`${paint('yellow', '↩')} ${requestedBy} orders a rollback by itself`);
        telling.paragraph(`${INDENT}  `, oneLine(reason ?? ''));
      }
      progress(record);
    },
    ended(record, mismatch) {
      tellStages(record);
      telling.meanwhile(null);
      telling.paragraph(`${INDENT}  `, record.failure?.message ?? '');
      const name = paint('bold', `${record.deploymentId ?? record.target} ${record.result ?? 'has no result'}`);
      say(mismatch === null ? `${name}, as expected` : `${name}: ${paint('red', mismatch)}`);
    },
    held(hold) {
      if (hold === null) return;
      say(`${paint('yellow', 'held')} ${hold.reason}: no ordinary deployment until somebody resumes the target`);
    },
    resumed(target, { by, reason }) {
      say(`${paint('green', '✓')} ${by} resumes ${target}: ${reason}`);
    },
  };
}

function marked(mark: StageLine['mark'], paint: Paint): string {
  switch (mark) {
    case 'passed':
      return paint('green', '✓');
    case 'failed':
      return paint('red', '✗');
    case 'aborted':
      return paint('yellow', '■');
    case 'restored':
      return paint('yellow', '↩');
  }
}

function timed(milliseconds: number, paint: Paint): string {
  return paint('dim', elapsed(milliseconds).padStart(WIDTH.time));
}
