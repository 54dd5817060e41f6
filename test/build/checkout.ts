import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, onTestFinished } from 'vitest';
import { buildTwice, type BuildRequest, type BuiltOutput } from '../../src/build/build.ts';
import { openSandbox, type Limits, type Sandbox, type SandboxJob } from '../../src/build/sandbox.ts';
import type { SandboxKind } from '../../src/contract/sandbox-strength.ts';
import type { SourceFile } from '../../src/source/repository.ts';

/** The kinds that work on this machine, and why the others do not. */
export const SANDBOXES: Readonly<Record<SandboxKind, Sandbox | string>> = {
  bwrap: await open('bwrap'),
  unshare: await open('unshare'),
  none: await open('none'),
};

async function open(kind: SandboxKind): Promise<Sandbox | string> {
  return openSandbox(kind).catch((error: Error) => error.message);
}

/** Describes something under every kind of sandbox; a kind that does not work here is skipped, and says why. */
export function describeUnderEach(what: string, body: (sandbox: Sandbox) => void): void {
  for (const [kind, sandbox] of Object.entries(SANDBOXES)) {
    const broken = typeof sandbox === 'string' ? `, which does not work here: ${sandbox}` : '';
    describe.skipIf(broken !== '')(`${what} under ${kind}${broken}`, () => {
      body(sandbox as Sandbox);
    });
  }
}

/** A folder that is gone after the test. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-build-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export const LIMITS: Limits = { timeout: 20_000, memory: 2 ** 32, processes: 64, output: 8 * 2 ** 20 };

/** A job that runs a shell script. */
export function shell(sandbox: Sandbox, script: string, more: Partial<SandboxJob> = {}): SandboxJob {
  return {
    command: ['sh', '-c', script],
    workingFolder: '/tmp',
    environment: { PATH: sandbox.path },
    identity: { user: 'anna', uid: 60_720, host: 'hull', umask: '022' },
    limits: LIMITS,
    ...more,
  };
}

export function file(path: string, text = '', mode: SourceFile['mode'] = 'file'): SourceFile {
  return { path, mode, content: Buffer.from(text) };
}

/** Builds the component in `shop/` whose build is this `build.mjs`, or this shell script, into `dist`. */
export async function build(
  sandbox: Sandbox,
  source: { readonly node: string } | { readonly sh: string },
  more: Partial<BuildRequest> = {},
): Promise<BuiltOutput> {
  const node = 'node' in source;
  return buildTwice({
    files: node ? [file('shop/build.mjs', source.node)] : [file('shop/README', '')],
    folder: 'shop',
    build: { command: node ? ['node', 'build.mjs'] : ['sh', '-c', source.sh], output: 'dist', inputs: [] },
    sourceDateEpoch: 1_790_000_000,
    limits: LIMITS,
    sandbox,
    scratch: await scratchFolder(),
    ...more,
  });
}
