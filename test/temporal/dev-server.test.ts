import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/contract/search-attributes.ts';
import { connect } from '../../src/temporal/connection.ts';
import { devServer } from '../../src/temporal/dev-server.ts';
import { plainLocation } from '../../src/temporal/location.ts';
import { missingSearchAttributes, registerSearchAttributes } from '../../src/temporal/search-attributes.ts';
import { connectWorker } from '../../src/temporal/worker-connection.ts';
import { startServer, type RunningServer } from './server.ts';

let running: RunningServer;
beforeAll(async () => {
  running = await startServer();
}, 60_000);
afterAll(() => running?.close());

describe('search attributes', () => {
  test('are listed after they are registered, twice and by two at once', async () => {
    const connection = await connect(running.server.location);
    expect(await missingSearchAttributes(connection, 'default')).toHaveLength(7);
    await Promise.all([
      registerSearchAttributes(connection, 'default'),
      registerSearchAttributes(connection, 'default'),
    ]);
    await registerSearchAttributes(connection, 'default');
    expect(await missingSearchAttributes(connection, 'default')).toEqual([]);
    const client = new Client({ connection });
    const handle = await client.workflow.start('nobody', {
      taskQueue: 'nobody',
      workflowId: 'w',
      typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.target, value: 'staging/storefront' }],
    });
    const { typedSearchAttributes } = await handle.describe();
    expect(typedSearchAttributes.get(SEARCH_ATTRIBUTES.target)).toBe('staging/storefront');
    await handle.terminate();
    await connection.close();
  });

  test('whose name is taken by another type are refused with the name', async () => {
    const connection = await connect(running.server.location);
    const namespace = 'taken';
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: 86_400 as unknown as Long },
    });
    const INT = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_INT;
    await expect
      .poll(() =>
        connection.operatorService.addSearchAttributes({ namespace, searchAttributes: { SlipwayStage: INT } }).then(
          () => 'added',
          () => 'not yet',
        ),
      )
      .toBe('added');
    await expect
      .poll(() =>
        registerSearchAttributes(connection, namespace).then(
          () => 'registered',
          (error: Error) => error.message,
        ),
      )
      .toMatch(/SlipwayStage of namespace taken is not a Keyword/);
    await connection.close();
  });
});

test('a worker connects to the same server', async () => {
  const connection = await connectWorker(running.server.location);
  await expect(connection.healthService.check({})).resolves.toBeDefined();
  await connection.close();
});

describe('a server that is not there', () => {
  test('is said to be away within five seconds, with its address and what to do', async () => {
    const before = Date.now();
    await expect(connect(plainLocation('127.0.0.1:1'))).rejects.toMatchObject({
      code: 'TEMPORAL_UNAVAILABLE',
      message: expect.stringMatching(/127\.0\.0\.1:1 .*slipway up.*TEMPORAL_ADDRESS/),
    });
    expect(Date.now() - before).toBeLessThan(5_000);
  });

  test('is said to be away when it accepts connections and never answers', async () => {
    const mute = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => mute.once('listening', resolve));
    const address = `127.0.0.1:${(mute.address() as { port: number }).port}`;
    await expect(connect(plainLocation(address), 500)).rejects.toMatchObject({ code: 'TEMPORAL_UNAVAILABLE' });
    await expect(connectWorker(plainLocation(address), 500)).rejects.toMatchObject({ code: 'TEMPORAL_UNAVAILABLE' });
    mute.close();
  });
});

test('the ports of a platform are chosen once, and again only when somebody else has them', async () => {
  const state = await mkdtemp(join(tmpdir(), 'slipway-ports-'));
  const first = await devServer('temporal', state);
  expect((await devServer('temporal', state)).location).toEqual(first.location);
  const other = createServer().listen(Number(first.location.address.split(':')[1]), '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  expect((await devServer('temporal', state)).location).not.toEqual(first.location);
  other.close();
  await rm(state, { recursive: true });
});
