import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHANGE, MANIFEST, openDesk, type Desk } from './desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
  const files = { 'storefront/slipway.yaml': MANIFEST, 'storefront/server.mjs': '', 'changes/CHG-1.yaml': CHANGE };
  await desk.commit('Open the storefront\n\nChange: CHG-1\n', files);
});
afterAll(() => desk.remove());

const CHECK = ['check', 'storefront', '--to', 'staging'];

test('a change that intake would admit passes, without a server', async () => {
  const { exitCode, stdout } = await desk.run([...CHECK, '--json'], 'away');
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ verdict: 'pass', failure: null, carries: ['CHG-1'] });
});

test('a commit without a change is told before the merge, with exit code 3', async () => {
  await desk.commit('Quick fix', { 'storefront/server.mjs': '// quick' });
  const { exitCode, stdout, stderr } = await desk.run([...CHECK, '--json'], 'away');
  expect({ exitCode, stderr }).toEqual({
    exitCode: 3,
    stderr: 'the runtime does not answer: judged by the records alone\n',
  });
  expect(JSON.parse(stdout)).toMatchObject({
    verdict: 'fail',
    failure: { code: 'UNDOCUMENTED_CHANGE', clause: '§5' },
    carries: [],
  });
});

test('for people it is one line on stdout', async () => {
  expect(await desk.run(CHECK, 'away')).toMatchObject({ exitCode: 3, stdout: expect.stringMatching(/^fail: UNDOC/) });
});

test('an environment that is not declared is bad usage, no verdict', async () => {
  const args = ['check', 'storefront', '--to', 'nowhere'];
  expect(await desk.run(args, 'away')).toMatchObject({ exitCode: 2, stdout: '' });
});

test('a secret that the environment declares no place for is told before the merge', async () => {
  const asking = MANIFEST.replace('server.mjs] }', 'server.mjs], env: { KEY: { secret: storefront/key } } }');
  await desk.commit('Use a key\n\nChange: CHG-1\n', { 'storefront/slipway.yaml': asking });
  const { exitCode, stdout } = await desk.run([...CHECK, '--json'], 'away');
  expect(exitCode).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'fail', failure: { code: 'SECRET_MISSING', clause: '§9' } });
});
