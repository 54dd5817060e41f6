import { afterAll, beforeAll, expect, test } from 'vitest';
import { STAGES } from '../../src/contract/stages.ts';
import { openPlatform, type OpenPlatform } from './setting.ts';

let platform: OpenPlatform;
beforeAll(async () => {
  platform = await openPlatform();
});
afterAll(() => platform?.close());

test('a change goes through all seven stages and is live at the stable address', async () => {
  const record = await platform.deploy(platform.shop.version({ text: 'one' }));
  expect(record.failure).toBeNull();
  expect(record.result).toBe('completed');
  expect(record.stages.map(({ stage, result }) => [stage, result])).toEqual(STAGES.map((stage) => [stage, 'passed']));
  expect(await platform.page()).toBe('web one');
  expect(await platform.verify('staging/web/1')).toEqual({ id: 'staging/web/1', verdict: 'VALID', clause: null, reason: null });
});
