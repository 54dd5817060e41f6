import { stat } from 'node:fs/promises';
import type { Limits, Sandbox } from '../build/sandbox.ts';
import type { SealedManifest } from '../config/manifest.ts';
import type { Prober } from '../health/probe.ts';
import { waitUntilHealthy } from '../health/ready.ts';
import { runSmokeTest, type RunCommand } from '../health/smoke.ts';
import { startThrowaway, type Throwaway } from './instance.ts';
import type { IntegrationDeps } from './integration.ts';
import { createSmokeCommands } from './smoke-command.ts';

export interface TrialSetting {
  readonly sandbox: Sandbox;
  /** The unpacked artifact. */
  readonly folder: string;
  /** A folder of ours that exists. */
  readonly scratch: string;
  readonly limits: Omit<Limits, 'timeout'>;
  readonly prober: Prober;
}

/** Milliseconds between two looks at an instance that starts. */
const LOOK = 50;

/** How integration validation tries an artifact: a throwaway instance in the sandbox, asked through its bridge (§7). */
export function createTrial(setting: TrialSetting): IntegrationDeps {
  const commandsFor = ({ reach, instanceFolder }: Throwaway, { kind }: SealedManifest): RunCommand =>
    createSmokeCommands({ ...setting, reach, instanceFolder: kind === 'agent' ? instanceFolder : null });
  const { prober } = setting;
  return {
    startThrowaway: ({ manifest, signal }) => startThrowaway({ ...setting, manifest, signal }),

    waitUntilHealthy: (instance, { manifest, signal }) =>
      waitUntilHealthy({
        check: () => look(instance, manifest, prober, commandsFor(instance, manifest)),
        within: manifest.run.startWithin,
        interval: LOOK,
        exited: instance.exited,
        signal,
      }),

    runSmoke: (test, instance, { manifest, signal }) =>
      runSmokeTest(test, {
        request: (path, options) =>
          prober.probe(`${instance.url}${path}`, { ...options, signal, dispatcher: instance.dispatcher }),
        runCommand: commandsFor(instance, manifest),
        signal,
      }),
  };
}

async function look(
  { url, dispatcher, heartbeatFile }: Throwaway,
  { health }: SealedManifest,
  prober: Prober,
  runCommand: RunCommand,
): Promise<{ readonly healthy: boolean; readonly detail: string }> {
  if ('heartbeat' in health) {
    const beats = await stat(heartbeatFile).then(
      () => true,
      () => false,
    );
    return { healthy: beats, detail: beats ? 'a heartbeat' : 'no heartbeat yet' };
  }
  if ('command' in health) {
    const { exitCode, timedOut } = await runCommand(health.command, { timeout: health.timeout });
    return {
      healthy: exitCode === 0,
      detail: timedOut ? 'its check took too long' : `its check ended with ${exitCode}`,
    };
  }
  const { status, detail } = await prober.probe(`${url}${health.path}`, { timeout: health.timeout, dispatcher });
  return { healthy: status !== null && status >= 200 && status < 300, detail };
}
