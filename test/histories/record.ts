import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { compiledFolder } from '../../src/temporal/installation.ts';
import { gate, hangs, saysNo } from '../workflows/doings.ts';
import { openSetting } from '../workflows/setting.ts';

/*
 * Records the committed histories anew, one of each result and one of a lane, on a real server with a platform in memory:
 *
 *     npm run build && npx tsc -p . && node dist/test/histories/record.js [NAME ...]
 *
 * Of those named, or all. Only for workflows that are meant to have changed: running deployments replay their past on the
 * new code, so a change that the old histories do not replay on needs `patched`, or a version of its own.
 */

const BOB = { by: 'bob', reason: 'looked at it' };
const WANTED = process.argv.slice(2);

const setting = await openSetting();
try {
  const target = setting.newTarget();
  const next = async (requestId: string, script: Parameters<typeof target.script>[0] = {}) => {
    target.script(script);
    return await target.deploy(requestId);
  };
  const usual: Parameters<typeof target.script>[0] = {
    admitChange: (input, does) => does(input),
    buildArtifact: (input, does) => does(input),
    observeRelease: (input, does) => does(input),
    restoreRelease: (input, does) => does(input),
  };
  const ended = async (requestId: string, script = usual) => setting.slipway.follow(await next(requestId, script));
  const resumed = async () => {
    await target.laneOnce(({ hold, running }) => hold !== null && running === null);
    await setting.slipway.resume(target.name, BOB);
  };

  await ended('completed');
  await ended('rejected', { ...usual, admitChange: saysNo('UNDOCUMENTED_CHANGE', 'commit 4f0c1d2 names no change') });
  await ended('failed', { ...usual, buildArtifact: saysNo('NOT_REPRODUCIBLE', 'server.mjs differs') });
  await ended('rolled-back', { ...usual, observeRelease: saysNo('SMOKE_FAILED', 'home page: 500') });
  await next('taken out of the queue'); // the target is held: it waits
  await setting.slipway.abortQueued(target.name, { requestId: 'taken out of the queue', ...BOB });
  await resumed();

  await next('aborted', { ...usual, observeRelease: hangs });
  await target.attempted('observeRelease', 3);
  await setting.slipway.abort(`${target.name}/5`, BOB);
  await resumed();

  await next('rollback-failed', { ...usual, observeRelease: saysNo('HEALTH_DEGRADED', 'two of five'), restoreRelease: hangs });
  await target.attempted('restoreRelease', 3);
  await setting.slipway.takeover(`${target.name}/6`, BOB);
  target.script(usual);
  await setting.slipway.follow(await target.rollback('back'));
  await target.attempted('archiveDeployment', 7);
  await target.laneOnce(({ running }) => running === null);

  for (const [index, { result }] of target.records().slice(0, 6).entries()) {
    await write(`${result}.json`, target.deployment(index + 1));
  }
  await write('lane.json', target.lane);
  await recordBreach();
} finally {
  await setting.close();
}

/** A rollback that is late, and told at once to who wants to know. */
async function recordBreach(): Promise<void> {
  const target = setting.newTarget();
  await target.carryOut('one');
  const untilTold = gate();
  target.script({
    admitChange: async (input, does) => {
      const evidence = await does(input);
      const receivers = [{ name: 'pager', events: 'urgent' }] as const;
      return { ...evidence, facts: { ...evidence.facts, rollbackWithin: 100, receivers } };
    },
    observeRelease: saysNo('SMOKE_FAILED', 'home page: 500'),
    restoreRelease: untilTold.pass,
  });
  const submission = await target.deploy('two');
  await target.attempted('deliver');
  untilTold.open();
  await setting.slipway.follow(submission);
  await write('breached.json', target.deployment(2));
}

async function write(name: string, handle: WorkflowHandle): Promise<void> {
  if (WANTED.length > 0 && !WANTED.includes(name.replace('.json', ''))) return;
  const history = JSON.parse(historyToJSON(await handle.fetchHistory())) as unknown;
  await writeFile(join(compiledFolder(), '..', 'test', 'histories', name), `${JSON.stringify(history, null, 1)}\n`);
}
