import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { readManifest, unpackImage } from '../../artifacts/image.ts';
import { openStore } from '../../artifacts/open.ts';
import type { ArtifactStore } from '../../artifacts/store.ts';
import { loadPlatform, pathsOf, type LoadedPlatform } from '../../config/load.ts';
import { secretVariablesOf } from '../../config/secret-variables.ts';
import { codeOf, SlipwayError } from '../../contract/failure.ts';
import { exitWhenParentDies } from '../../parent.ts';
import { createComponentSecrets } from '../../secrets/component-secrets.ts';
import { isReadByOthers } from '../../secrets/folder.ts';
import { createMask } from '../../secrets/mask.ts';
import { armFailpoint } from '../../failpoints.ts';
import { privatePlacesOf } from '../../signing/private-places.ts';
import { startLocalRuntime, type LocalRuntime } from './runtime.ts';
import type { Images } from './unpacked.ts';

/**
 * The local runtime as its own process: `main.js --folder DIR --config platform.yaml`. Prints `ready` when it is.
 * @param env variables that hold secrets are taken out of it, so that nothing which is started here inherits them
 */
export async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<LocalRuntime> {
  const { folder, config } = parseArgs({
    args: [...args],
    options: { folder: { type: 'string' }, config: { type: 'string', default: 'platform.yaml' } },
  }).values;
  if (folder === undefined) throw new SlipwayError('USAGE', '--folder DIR: the folder of the runtime is missing.');

  const loaded = await loadPlatform(config);
  const { instances } = pathsOf(loaded);
  const store = await openStore(loaded, { env: { ...env } });
  // No instance inherits what lets us into the store.
  for (const variable of secretVariablesOf(loaded.platform).store) delete env[variable];
  const { keys, files } = privatePlacesOf(loaded, env);
  const { ports, drainWithin } = loaded.platform.runtimes.local;
  const mask = createMask();
  const provider = createComponentSecrets(loaded.platform.environments, {
    env: takeSecrets(loaded, env),
    folder: loaded.folder,
  });
  const logger = pino({ name: 'runtime', hooks: { streamWrite: (line) => mask.mask(line) } }, pino.destination(2));
  const folders = await secretFolders(loaded);
  for (const each of folders) {
    if (await isReadByOthers(each)) logger.warn({ folder: each }, 'everybody may read the secrets in this folder');
  }
  const runtime = await startLocalRuntime({
    folder,
    instances,
    ports,
    drainWithin,
    images: imagesIn(store),
    hidden: [...(keys === null ? [] : [keys]), ...files, ...folders],
    secrets: { provider, mask },
    logger,
  });
  console.log('ready');
  return runtime;
}

function takeSecrets({ platform }: LoadedPlatform, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { components } = secretVariablesOf(platform);
  const taken = Object.entries(env).filter(([name]) => components.some((prefix) => name.startsWith(prefix)));
  for (const [name] of taken) delete env[name];
  return Object.fromEntries(taken);
}

/** The folders of secrets that are there: no instance sees into them. */
async function secretFolders({ folder, platform }: LoadedPlatform): Promise<readonly string[]> {
  const folders = Object.values(platform.environments).flatMap(({ secrets }) =>
    secrets !== undefined && 'folder' in secrets ? [resolve(folder, secrets.folder)] : [],
  );
  const real = folders.map((each) => realpath(each).catch(() => []));
  return [...new Set((await Promise.all(real)).flat())];
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
    const starting = main(process.argv.slice(2), process.env);
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
