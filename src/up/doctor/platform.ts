import { access, constants, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathsOf, type LoadedPlatform } from '../../config/load.ts';
import { isReadByOthers } from '../../secrets/folder.ts';
import { createLocalObserver } from '../../runtime/local/client.ts';
import { bad, good, orBad, warning, type Finding } from './finding.ts';

const RUNTIME_ANSWERS_WITHIN = 3_000;

export function checkPlatformFile(loaded: LoadedPlatform | null): Finding {
  if (loaded !== null) return good('platform file', loaded.file);
  return warning('platform file', 'none', 'Write a platform.yaml here, or name one with --config.');
}

export async function checkStore(loaded: LoadedPlatform): Promise<Finding> {
  const { store } = pathsOf(loaded);
  const folder = await stat(store).catch(() => null);
  if (folder === null) return good('store', `${store}, made by the first build`);
  const mend = `Make ${store} a folder that this user may read and write.`;
  if (!folder.isDirectory()) return bad('store', `${store} is no folder`, mend);
  return orBad('store', mend, async () => {
    await access(store, constants.R_OK | constants.W_OK | constants.X_OK);
    return good('store', store);
  });
}

/** Where the secrets of each environment are to lie; whether any is there, only a component that asks for it can tell. */
export async function checkSecrets({ folder, platform }: LoadedPlatform): Promise<readonly Finding[]> {
  const found = Object.entries(platform.environments).map(async ([name, { secrets }]) => {
    if (secrets === undefined || 'variables' in secrets) return [];
    const what = `secrets of ${name}`;
    const place = resolve(folder, secrets.folder);
    const is = await stat(place).catch(() => null);
    if (is === null || !is.isDirectory()) return [bad(what, `${place} is no folder`, 'Make it, or mount it there.')];
    const open = await isReadByOthers(place);
    return [open ? warning(what, `${place}, which everybody may read`, `chmod 700 ${place}`) : good(what, place)];
  });
  return (await Promise.all(found)).flat();
}

export async function checkRuntime(loaded: LoadedPlatform): Promise<Finding> {
  const runtime = createLocalObserver({ folder: join(pathsOf(loaded).state, 'runtime') });
  return orBad('runtime', 'Run "slipway up"; its log is .slipway/logs/runtime.log.', async () => {
    const targets = await runtime.observeAll(AbortSignal.timeout(RUNTIME_ANSWERS_WITHIN));
    return good('runtime', `answers, knows ${targets.length} targets`);
  });
}
