import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createSmokeCommands, endOf } from '../../src/verification/smoke-command.ts';
import { LIMITS, describeUnderEach } from '../build/checkout.ts';
import { artifact, scratchFolder, server, SERVICE, start } from './artifact.ts';

/** A live address that says who it is. */
async function serve(text: string): Promise<string> {
  const live: Server = createServer((_, reply) => reply.end(text));
  await new Promise<void>((resolve) => live.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void live.close());
  return `http://127.0.0.1:${(live.address() as AddressInfo).port}`;
}

const ASK =
  'fetch(process.argv[2] ?? process.env.SLIPWAY_URL).then(async (answer) => console.log(await answer.text())).catch((error) => { console.log(error.cause.code); process.exit(1) })';

describeUnderEach('a smoke test by command', (sandbox) => {
  const { kind } = sandbox;
  const within = { timeout: 10_000 };
  const service = async (url: string, files: Record<string, string>) =>
    createSmokeCommands({
      sandbox,
      folder: await artifact(files),
      reach: endOf(url),
      instanceFolder: null,
      limits: LIMITS,
    });

  test('reaches the live address as $SLIPWAY_URL', async () => {
    const run = await service(await serve('the live one'), { 'check.mjs': ASK });
    expect(await run(['node', 'check.mjs'], within)).toMatchObject({
      exitCode: 0,
      timedOut: false,
      output: 'the live one\n',
    });
  });

  test('reaches a throwaway instance as $SLIPWAY_URL', async () => {
    const folder = await artifact({ 'server.mjs': server('"the throwaway one"'), 'check.mjs': ASK });
    const { reach } = await start(sandbox, folder, SERVICE);
    const run = createSmokeCommands({ sandbox, folder, reach, instanceFolder: null, limits: LIMITS });
    await vi.waitFor(async () => {
      expect(await run(['node', 'check.mjs'], within)).toMatchObject({ exitCode: 0, output: 'the throwaway one\n' });
    }, 10_000);
  });

  test.runIf(kind !== 'none')('reaches nothing else', async () => {
    const run = await service(await serve('the live one'), { 'check.mjs': ASK });
    const other = await serve('something of this machine');
    expect(await run(['node', 'check.mjs', other], within)).toMatchObject({ exitCode: 1, output: 'ECONNREFUSED\n' });
  });

  test('has no credentials, only its URL', async () => {
    vi.stubEnv('REGISTRY_TOKEN', 'canary-33d1');
    onTestFinished(() => void vi.unstubAllEnvs());
    const run = await service(await serve(''), {});
    const { output } = await run(['env'], within);
    const names = output
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names.filter((name) => name !== 'PWD').sort((a, b) => (a! < b! ? -1 : 1))).toEqual([
      'HOME',
      'PATH',
      'SLIPWAY_URL',
      'TMPDIR',
    ]);
  });

  test('says how it ended', async () => {
    const run = await service(await serve(''), {});
    expect(await run(['sh', '-c', 'echo no welcome; exit 4'], within)).toMatchObject({
      exitCode: 4,
      timedOut: false,
      output: 'no welcome\n',
    });
    expect(await run(['sleep', '60'], { timeout: 500 })).toMatchObject({ exitCode: null, timedOut: true });
    expect(await run(['no-such-program'], within)).toMatchObject({ exitCode: 127 });
  });

  test('of an agent reads its instance folder, and cannot write there', async () => {
    const instanceFolder = await scratchFolder();
    await writeFile(join(instanceFolder, 'ledger'), 'turn 4');
    await chmod(instanceFolder, 0o755);
    const run = createSmokeCommands({
      sandbox,
      folder: await artifact({}),
      reach: null,
      instanceFolder,
      limits: LIMITS,
    });
    const script = 'cat $SLIPWAY_INSTANCE_DIR/ledger; echo $SLIPWAY_URL; touch $SLIPWAY_INSTANCE_DIR/mine';
    const { output, exitCode } = await run(['sh', '-c', script], within);
    expect(output).toMatch(/^turn 4\n/);
    expect(exitCode).toBe(kind === 'none' ? 0 : 1);
  });
});
