import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { removeUnpacked } from '../../src/artifacts/unpack.ts';
import type { Sandbox } from '../../src/build/sandbox.ts';
import type { SealedManifest } from '../../src/config/manifest.ts';
import { startThrowaway, type Throwaway } from '../../src/verification/instance.ts';
import { LIMITS } from '../build/checkout.ts';

/** A folder that is gone after the test. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-verification-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An unpacked artifact of these files, read-only as the store unpacks it. */
export async function artifact(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-artifact-'));
  onTestFinished(() => removeUnpacked(folder));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o444 });
  await chmod(folder, 0o555);
  return folder;
}

export const SERVICE: SealedManifest = {
  component: 'catalog',
  kind: 'service',
  run: { command: ['node', 'server.mjs'], env: {}, startWithin: 10_000 },
  health: { path: '/healthz', interval: 20, timeout: 1_000, failures: 3 },
  smoke: [{ name: 'home page', path: '/', status: 200, timeout: 1_000, at: ['verification', 'live'] }],
};

export const AGENT: SealedManifest = {
  ...SERVICE,
  component: 'restock',
  kind: 'agent',
  run: { ...SERVICE.run, command: ['node', 'agent.mjs'] },
  health: { heartbeat: 1_000, failures: 3 },
};

/** A server that answers with what this expression gives for the request `to`. */
export function server(answer: string): string {
  return `import { createServer } from 'node:http'; import fs from 'node:fs'; import net from 'node:net';
    createServer(async (to, reply) => { reply.end(String(await (${answer}))); }).listen(process.env.PORT, '127.0.0.1');`;
}

/** Starts a throwaway instance that is stopped after the test. */
export async function start(sandbox: Sandbox, folder: string, manifest: SealedManifest): Promise<Throwaway> {
  const instance = await startThrowaway({ sandbox, folder, manifest, scratch: await scratchFolder(), limits: LIMITS });
  onTestFinished(() => instance.stop());
  return instance;
}
