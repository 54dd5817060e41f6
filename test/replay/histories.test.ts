import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';
import { RESULTS } from '../../src/contract/record.ts';
import { workflowBundlePath } from '../../src/temporal/bundle.ts';

const FOLDER = join(import.meta.dirname, '..', 'histories');
/** One of each result, a lane, and a rollback that was late and told so while it went on. */
const NAMES = [...RESULTS, 'lane', 'breached'];

interface History {
  readonly events: Event[];
}

interface Event {
  readonly workflowExecutionCompletedEventAttributes?: { readonly result: { readonly payloads: readonly Payload[] } };
  readonly workflowExecutionFailedEventAttributes?: {
    readonly failure: {
      readonly applicationFailureInfo: { readonly details: { readonly payloads: readonly Payload[] } };
    };
  };
  readonly activityTaskScheduledEventAttributes?: { readonly activityType: { name: string } };
}

interface Payload {
  readonly data: string;
}

/** Committed histories, recorded by `test/histories/record.ts`: what runs today has to go on under tomorrow's code. */
describe('a committed history', () => {
  beforeAll(() => {
    const filter = makeTelemetryFilterString({ core: 'ERROR' });
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter, forward: {} } } });
  });

  test('stands for each result, for a lane, and for a breach', async () => {
    const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.json'));
    expect(files.toSorted()).toEqual(NAMES.map((name) => `${name}.json`).toSorted());
  });

  test.for(RESULTS)('of a deployment that ended as %s is one', async (result) => {
    const last = (await read(result)).events.at(-1);
    const payloads =
      last?.workflowExecutionCompletedEventAttributes?.result.payloads ??
      last?.workflowExecutionFailedEventAttributes?.failure.applicationFailureInfo.details.payloads;
    expect(JSON.parse(Buffer.from(payloads?.[0]?.data ?? '', 'base64').toString())).toMatchObject({ result });
  });

  test.for(NAMES)('replays on the workflows as they are: %s', async (name) => {
    await expect(replay(await read(name))).resolves.toBeUndefined();
  });

  test.for([
    ['buildArtifact', 'verifyArtifact'],
    ['markReleased', 'activateRelease'],
    ['observeRelease', 'complete'],
  ] as const)('in which %s and %s come the other way round does not replay', async ([one, other]) => {
    const history = await read('completed');
    const scheduled = history.events.flatMap(({ activityTaskScheduledEventAttributes: activity }) => activity ?? []);
    for (const { activityType } of scheduled) {
      if (activityType.name === one) activityType.name = other;
      else if (activityType.name === other) activityType.name = one;
    }
    await expect(replay(history)).rejects.toMatchObject({ name: 'DeterminismViolationError' });
  });
});

async function read(name: string): Promise<History> {
  return JSON.parse(await readFile(join(FOLDER, `${name}.json`), 'utf8')) as History;
}

async function replay(history: History): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle: { codePath: workflowBundlePath() } }, history);
}
