import { pathsOf, type LoadedPlatform } from '../../config/load.ts';
import { locatePlatform } from '../locate.ts';
import { bad, type Finding } from './finding.ts';
import { checkApart, checkKeys } from './keys.ts';
import {
  checkDisk,
  checkGit,
  checkNode,
  checkPython,
  checkRequiredSandboxes,
  checkSandboxes,
  checkServerSource,
  type SandboxProbe,
} from './machine.ts';
import { checkPlatformFile, checkRuntime, checkSecrets, checkStore } from './platform.ts';
import { checkServer } from './server.ts';

export interface DoctorOptions {
  /** Null where there is no platform file: then only the machine is looked at. */
  readonly loaded: LoadedPlatform | null;
  readonly env: NodeJS.ProcessEnv;
  /** Tries each sandbox that a build could run in. */
  readonly probeSandboxes: () => Promise<readonly SandboxProbe[]>;
}

/**
 * What is missing or wrong on this machine, and with this platform. Looks only: nothing is got, started or registered.
 * Never throws for something that it finds wrong.
 */
export async function examine(options: DoctorOptions): Promise<readonly Finding[]> {
  const { loaded } = options;
  const machine = await examineMachine(options);
  return loaded === null ? machine : [...machine, ...(await examinePlatform(loaded, options.env))];
}

async function examineMachine({ loaded, env, probeSandboxes }: DoctorOptions): Promise<readonly Finding[]> {
  const asked = await Promise.all([
    checkGit(env),
    checkPython(env),
    checkServerSource(env),
    probeSandboxes().then((probes) => [
      checkSandboxes(probes, loaded?.platform.build.sandbox),
      ...(loaded === null ? [] : checkRequiredSandboxes(probes, loaded.platform)),
    ]),
    checkDisk(loaded === null ? '.' : pathsOf(loaded).state),
  ]);
  return [checkNode(), ...asked.flat(), checkPlatformFile(loaded)];
}

async function examinePlatform(loaded: LoadedPlatform, env: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  const findings = await Promise.all([
    checkStore(loaded),
    checkSecrets(loaded),
    checkKeys(loaded, env),
    checkApart(loaded, env),
    checkRuntime(loaded),
    examineServer(loaded, env),
  ]);
  return findings.flat();
}

async function examineServer(loaded: LoadedPlatform, env: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  try {
    const location = await locatePlatform(pathsOf(loaded).state, env);
    return await checkServer(location, Object.keys(loaded.platform.environments));
  } catch (error) {
    return [bad('temporal', (error as Error).message, 'Run "slipway up".')];
  }
}
