import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import type { ArtifactStore } from '../../src/artifacts/store.ts';
import { openContext, type Context } from '../../src/cli/context.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { Slipway } from '../../src/client/slipway.ts';
import { SlipwayError } from '../../src/contract/failure.ts';
import type { Notary } from '../../src/signing/notary.ts';
import { TEST_NOTARY } from '../signing/keys.ts';

/** What one command line said. */
export interface Said {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A platform in a folder of its own, and the command line on it; what would be a server is what the test says. */
export interface Desk {
  readonly folder: string;
  readonly config: string;
  readonly artifacts: ArtifactStore;
  /** Runs `slipway <args> --config …`; `away` stands for a server that does not answer. */
  run(args: readonly string[], server?: Partial<Slipway> | 'away', more?: Partial<Context>): Promise<Said>;
  /** Writes files into the source and commits them. @returns the commit's hash */
  commit(message: string, files: Readonly<Record<string, string>>): Promise<string>;
  remove(): Promise<void>;
}

/** @param notary with which its store is sealed, and read by the commands */
export async function openDesk(notary: Notary = TEST_NOTARY): Promise<Desk> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-cli-'));
  const shop = join(folder, 'shop');
  const config = join(folder, 'platform.yaml');
  await mkdir(shop);
  git(shop, 'init', '--quiet', '--initial-branch', 'main');
  await writeFile(
    config,
    'apiVersion: slipway/v1\nsources: [{ name: shop, url: ./shop }]\nenvironments: { staging: {}, production: {} }\n',
  );
  const artifacts = createLayoutStore({ path: join(folder, '.slipway', 'store'), notary });
  return {
    folder,
    config,
    artifacts,
    async run(args, server = 'away', more = {}) {
      const said = { stdout: '', stderr: '' };
      const terminal = {
        stdout: { write: (text: string | Uint8Array) => (said.stdout += String(text)) },
        stderr: { write: (text: string | Uint8Array) => (said.stderr += String(text)) },
        env: { PATH: process.env['PATH'], SLIPWAY_KEYS: join(folder, 'keys') },
      };
      const exitCode = await runProgram([...args, '--config', config], terminal, (given, options) => ({
        ...openContext(given, options),
        artifacts: async () => artifacts,
        slipway: async () => (server === 'away' ? away() : (server as Slipway)),
        pollers: async () => 1,
        interruption: () => new AbortController().signal,
        ...more,
      }));
      return { exitCode, ...said };
    },
    async commit(message, files) {
      for (const [name, content] of Object.entries(files)) {
        await mkdir(join(shop, name, '..'), { recursive: true });
        await writeFile(join(shop, name), content);
      }
      git(shop, 'add', '--all');
      git(shop, '-c', 'user.name=Ada', '-c', 'user.email=ada@kiln.example', 'commit', '--quiet', '-m', message);
      return git(shop, 'rev-parse', 'HEAD');
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export const MANIFEST = `apiVersion: slipway/v1
component: storefront
kind: storefront
build: { command: [node, build.mjs], output: dist }
run: { command: [node, server.mjs] }
health: { path: /healthz }
smoke: [{ name: home page, path: / }]
`;

export const CHANGE = `id: CHG-1
summary: Open the storefront
reason: People ask where to buy
components: [storefront]
scope: [storefront/**]
`;

function git(folder: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();
}

function away(): never {
  throw new SlipwayError('TEMPORAL_UNAVAILABLE', 'Temporal does not answer at 127.0.0.1:1');
}
