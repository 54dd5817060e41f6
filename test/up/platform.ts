import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pino from 'pino';
import { loadPlatform, type LoadedPlatform } from '../../src/config/load.ts';
import type { UpOptions } from '../../src/up/up.ts';

/**
 * A platform of two environments in a folder of its own. In place of the compiled runtime and workers stand processes
 * that write down how they were called and where they were told that Temporal is: what `up` does is under test here,
 * what they do elsewhere.
 */
export interface TestPlatform {
  readonly folder: string;
  readonly loaded: LoadedPlatform;
  /** Lines for people. */
  readonly told: string[];
  readonly options: UpOptions;
  remove(): Promise<void>;
}

const STAND_IN = `
import { appendFileSync, readFileSync } from 'node:fs';
const config = process.argv[process.argv.indexOf('--config') + 1];
const { TEMPORAL_ADDRESS, TEMPORAL_API_KEY } = process.env;
const fd = process.env.SLIPWAY_HANDED_OVER_FD;
const key = fd === undefined ? null : readFileSync(Number(fd), 'utf8');
const call = { args: process.argv.slice(1), TEMPORAL_ADDRESS, TEMPORAL_API_KEY, key };
appendFileSync(config + '.calls', JSON.stringify(call) + '\\n');
process.stdin.on('close', () => process.exit(1)).resume();
process.on('SIGTERM', () => process.exit(0));
console.log('ready');
`;

/** @param more lines for the platform file */
export async function testPlatform(env: NodeJS.ProcessEnv = {}, more = ''): Promise<TestPlatform> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-up-'));
  const file = join(folder, 'platform.yaml');
  await writeFile(
    file,
    'apiVersion: slipway/v1\nsources: [{ name: shop, url: ./shop.git }]\nenvironments: { staging: {}, production: {} }\n' +
      more,
  );
  const compiled = join(folder, 'compiled');
  const programs = ['src/runtime/local/main', 'workers/orchestrator', 'workers/builder', 'workers/deployer'];
  for (const program of programs) {
    await mkdir(dirname(join(compiled, program)), { recursive: true });
    await writeFile(join(compiled, `${program}.js`), STAND_IN);
  }
  await writeFile(join(compiled, 'package.json'), '{ "type": "module" }');
  const loaded = await loadPlatform(file);
  const told: string[] = [];
  const { TEMPORAL_ADDRESS: _, ...inherited } = process.env;
  return {
    folder,
    loaded,
    told,
    options: {
      loaded,
      env: { ...inherited, SLIPWAY_KEYS: join(folder, 'keys'), ...env },
      logger: pino({ level: 'silent' }),
      report: (line) => told.push(line),
      compiled,
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
