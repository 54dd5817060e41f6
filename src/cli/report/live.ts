import { EventEmitter, once } from 'node:events';
import { DefaultRenderer, Listr, ListrLogger, ProcessOutput, type ListrTask } from 'listr2';
import type { DeploymentRecord } from '../../contract/record.ts';
import { STAGES, type Stage } from '../../contract/stages.ts';
import { oneLine } from './paint.ts';
import { describeQueue, type Progress } from './progress.ts';
import { describeEnd, isOnTheWayBack } from './steps.ts';

/** Draws on stderr, even while stdout is piped. */
class StderrRenderer extends DefaultRenderer {
  static override nonTTY = true;
}

type Row = Parameters<ListrTask['task']>[1];

/** The queue and the seven stages, drawn in place. */
export function liveProgress(): Progress {
  let record: DeploymentRecord | null = null;
  let closed = false;
  let current: Row | null = null;
  const changes = new EventEmitter();

  /** Waits, with `row` as the one that notes go to, until `done` holds or nothing more comes. */
  async function until(row: Row, done: () => boolean): Promise<void> {
    current = row;
    while (!done() && !closed) await once(changes, 'change');
  }

  const queue: ListrTask = {
    title: 'submitted',
    task: async (_, row) => {
      await until(row, () => record !== null);
      if (record === null) row.skip('no longer followed');
      else row.title = record.deploymentId ?? record.target;
    },
  };
  const rowOf = (stage: Stage): ListrTask => ({
    title: stage,
    task: async (_, row) => {
      const entry = () => record?.stages.find((begun) => begun.stage === stage);
      const isOver = () => (record?.result ?? null) !== null;
      await until(row, () => {
        if (record !== null && isOnTheWayBack(record)) row.output = `on the way back: ${record.failure?.code}`;
        return entry()?.result === 'passed' || isOver();
      });
      const ended = entry();
      if (ended?.result === 'passed') row.title = describeEnd(ended);
      else if (ended === undefined || !isOver()) row.skip(stage);
      else throw new Error(`${describeEnd(ended)}: ${oneLine(record?.failure?.code ?? '')}`);
    },
  });
  const drawn = new Listr([queue, ...STAGES.map(rowOf)], {
    renderer: StderrRenderer,
    rendererOptions: { logger: new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) }) },
    registerSignalListeners: false,
  })
    .run()
    .catch(() => {}); // a stage that failed is drawn; the record says why

  return {
    queued(position, why) {
      if (current !== null) current.title = describeQueue(position, why);
    },
    at(next) {
      record = next;
      changes.emit('change');
    },
    note(text) {
      if (current !== null) current.output = text;
    },
    async close() {
      closed = true;
      changes.emit('change');
      await drawn;
    },
  };
}
