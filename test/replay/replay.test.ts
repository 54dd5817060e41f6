import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import proto from '@temporalio/proto';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeploymentRecord } from '../../src/contract/record.ts';
import { readHistory, replayable, workflowIdOf, type History } from '../../src/replay/history.ts';
import { recordIn } from '../../src/replay/record.ts';
import { replay } from '../../src/replay/replay.ts';
import { workflowBundlePath } from '../../src/temporal/bundle.ts';
import { saysNo } from '../workflows/doings.ts';
import { openSetting, type Setting } from '../workflows/setting.ts';

const { EventType, WorkflowTaskFailedCause } = proto.temporal.api.enums.v1;
const logger = pino({ level: 'silent' });

let setting: Setting;
let folder: string;
let completed: { readonly history: History; readonly record: DeploymentRecord };
let rejected: { readonly history: History; readonly record: DeploymentRecord };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-replay-'));
  setting = await openSetting();
  completed = await historyOf(setting.newTarget());
  const target = setting.newTarget();
  target.script({ admitChange: saysNo('UNDOCUMENTED_CHANGE') });
  rejected = await historyOf(target);
}, 60_000);
afterAll(async () => {
  await setting?.close();
  await rm(folder, { recursive: true, force: true });
});

async function historyOf(target: ReturnType<Setting['newTarget']>) {
  const record = await target.carryOut('r1');
  return { record, history: await target.deployment(1).fetchHistory() };
}

const none = async () => null;

describe('a history is read', () => {
  test.each([
    ['as JSON', (json: string) => Buffer.from(json)],
    ['gzipped, as the lane keeps it', (json: string) => gzipSync(json)],
    ["with the UI's older names of events", (json: string) => Buffer.from(json.replaceAll('EVENT_TYPE_', ''))],
  ])('%s', (_, write) => {
    const read = readHistory(write(historyToJSON(completed.history)), 'it');
    expect(read.events).toHaveLength(completed.history.events?.length ?? 0);
    expect(workflowIdOf(read)).toMatch(/^deployment:staging:web-\d+:1$/);
  });

  test.each(['', '{}', '[]', '{"events":[]}', '{"events":[{}]}'])('but not out of %j', (text) => {
    expect(() => readHistory(Buffer.from(text), 'it')).toThrow(expect.objectContaining({ code: 'FILE_INVALID' }));
  });

  test('its record is in the result of a completed one, and in the failure of any other', () => {
    expect(recordIn(completed.history)).toEqual(completed.record);
    expect(recordIn(rejected.history)).toEqual(rejected.record);
  });
});

describe('a replay', () => {
  test('is SAME for the code that made the history, and the record that is sealed', async () => {
    for (const { history, record } of [completed, rejected]) {
      const replayed = await replay(history, { logger, sealedRecord: async () => record });
      expect(replayed).toMatchObject({ verdict: 'SAME', reason: null, notes: [] });
    }
  });

  test('says when there was no record to compare with', async () => {
    const { verdict, notes } = await replay(completed.history, { logger, sealedRecord: none });
    expect({ verdict, notes }).toEqual({ verdict: 'SAME', notes: ['the store has no record to compare it with'] });
  });

  test('is DIFFERENT when another record is sealed, which the steps alone do not show', async () => {
    const sealedRecord = async () => ({ ...completed.record, requestId: 'another' });
    const replayed = await replay(completed.history, { logger, sealedRecord });
    expect(replayed).toMatchObject({ verdict: 'DIFFERENT', reason: expect.stringContaining('not the sealed one') });
  });

  test('is DIFFERENT when the code takes another step', async () => {
    const bundle = await bundleWith('carryOut.admitChange(', 'carryOut.retireRelease(');
    const replayed = await replay(completed.history, { logger, sealedRecord: none, bundle });
    expect(replayed).toMatchObject({ verdict: 'DIFFERENT', reason: expect.stringMatching(/nondeterminism/i) });
  });
});

describe('a history whose last workflow task failed', () => {
  test('gives the true error that the code throws', async () => {
    const broken = "async function deployment({ n, order }) { throw new TypeError('broken on purpose');";
    const bundle = await bundleWith('async function deployment({ n, order }) {', broken);
    const replayed = await replay(failing(), { logger, sealedRecord: none, bundle });
    expect(replayed).toMatchObject({ verdict: 'DIFFERENT', reason: expect.stringContaining('broken on purpose') });
    expect(replayed.notes).toEqual([expect.stringContaining('the last workflow task had failed')]);
  });

  test('is SAME for the code that was mended, and says what was done to it', async () => {
    const replayed = await replay(failing(), { logger, sealedRecord: none });
    expect(replayed).toMatchObject({ verdict: 'SAME', notes: [expect.stringContaining('had failed')] });
  });

  test('also when signals or another attempt came after', () => {
    const { events } = failing();
    const later = { eventType: EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED };
    const { history, rewritten } = replayable({ events: [...(events ?? []), later] });
    expect(rewritten).toBe(true);
    expect(history.events?.at(-1)?.eventType).toBe(EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED);
  });

  test('but a reset fails no task: its history is left alone', () => {
    const history = failing(WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW);
    expect(replayable(history)).toEqual({ history, rewritten: false });
  });
});

/** The history of a deployment whose very first workflow task failed. */
function failing(
  cause = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
): History {
  const events = completed.history.events ?? [];
  const index = events.findIndex(({ eventType }) => eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED);
  const { eventId = null, eventTime = null, workflowTaskCompletedEventAttributes: task } = events[index] ?? {};
  const failed = {
    eventId,
    eventTime,
    eventType: EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
    workflowTaskFailedEventAttributes: {
      scheduledEventId: task?.scheduledEventId ?? null,
      startedEventId: task?.startedEventId ?? null,
      cause,
      failure: { message: 'broken on purpose' },
    },
  };
  return { events: [...events.slice(0, index), failed] };
}

/** This installation's workflows, with one thing in them changed. */
async function bundleWith(found: string, changed: string): Promise<string> {
  const code = await readFile(workflowBundlePath(), 'utf8');
  expect(code).toContain(found);
  const bundle = join(folder, 'bundle.js');
  await writeFile(
    bundle,
    code.replace(found, () => changed),
  );
  return bundle;
}
