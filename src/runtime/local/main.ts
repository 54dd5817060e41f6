import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { readManifest, unpackImage } from '../../artifacts/image.ts';
import { openStore } from '../../artifacts/open.ts';
import type { ArtifactStore } from '../../artifacts/store.ts';
import { loadPlatform, pathsOf } from '../../config/load.ts';
import { secretVariablesOf } from '../../config/secret-variables.ts';
import { codeOf, SlipwayError } from '../../contract/failure.ts';
import { armFailpoint } from '../../failpoints.ts';
import { exitWhenParentDies } from '../../up/parent.ts';
import { startLocalRuntime, type LocalRuntime } from './runtime.ts';
import type { Images } from './unpacked.ts';

/** The local runtime as its own process: `main.js --folder DIR --config platform.yaml`. Prints `ready` when it is. */
export async function main(args: readonly string[]): Promise<LocalRuntime> {
  const { folder, config } = parseArgs({
    args: [...args],
    options: { folder: { type: 'string' }, config: { type: 'string', default: 'platform.yaml' } },
  }).values;
  if (folder === undefined) throw new SlipwayError('USAGE', '--folder DIR: the folder of the runtime is missing.');

  const loaded = await loadPlatform(config);
  const { instances } = pathsOf(loaded);
  const store = openStore(loaded, { env: { ...process.env } });
  // No instance inherits what lets us into the store.
  for (const variable of secretVariablesOf(loaded.platform).store) delete process.env[variable];
  const { ports, drainWithin } = loaded.platform.runtimes.local;
  const runtime = await startLocalRuntime({
    folder,
    instances,
    ports,
    drainWithin,
    images: imagesIn(store),
    logger: pino({ name: 'runtime' }, pino.destination(2)),
  });
  console.log('ready');
  return runtime;
}

function imagesIn(store: ArtifactStore): Images {
  return {
    manifest: (component, digest) => readManifest(store.component(component), digest),
    unpack: (component, digest, folder) => unpackImage(store.component(component), digest, folder),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    armFailpoint(process.env);
    const starting = main(process.argv.slice(2));
    const stop = async (): Promise<void> => {
      await (await starting).close();
      process.exit(0);
    };
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => void stop());
    // A killed `up` leaves the instances live, for the next runtime to adopt.
    exitWhenParentDies(process.env);
    await starting;
  } catch (error) {
    console.error(`${codeOf(error)}: ${(error as Error).message}`);
    process.exit(error instanceof SlipwayError && error.fault === 'caller' ? 2 : 1);
  }
}
