import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { removeUnpacked } from '../artifacts/unpack.ts';
import { isWithin } from './fixtures.ts';
import { insideCommand, limiter } from './inside.ts';
import { launch } from './launch.ts';
import type { Sandbox, SandboxDeps, SandboxJob, SandboxResult } from './sandbox.ts';

/**
 * No sandbox, for machines that have none: a temporary folder, a small environment and a process group. The command
 * runs as our user, sees this machine, reaches the network, and what it takes out of its process group outlives it.
 */
export function createNone({ programs }: SandboxDeps): Sandbox {
  const limited = spawnSync('prlimit', ['--version'], { env: { PATH: programs } }).status === 0;

  const start: Sandbox['start'] = (job, signal) => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-none-'));
    const place = (path: string) => placeOf(job, folder, path);
    for (const path of ['/tmp', job.files?.at]) if (path !== undefined) mkdirSync(place(path), { recursive: true });
    // Processes are counted by user, and this user has others.
    const words = limited ? limiter(job, { processes: false }) : [];
    const [program = '', ...args] = insideCommand(job, { alone: false, place, limiter: words });
    const run = launch({ program, args, texts: [], asOther: false, path: programs }, job, signal);
    return { ...run, ended: thenRemove(run.ended, folder) };
  };

  const path = [...new Set([dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'])].join(':');
  return { kind: 'none', path, start, run: async (job, signal) => start(job, signal).ended };
}

async function thenRemove(ended: Promise<SandboxResult>, folder: string): Promise<SandboxResult> {
  try {
    return await ended;
  } finally {
    await removeUnpacked(folder);
  }
}

/** Where a path of a job really is: in the folder that it is shown, or below a temporary one. */
function placeOf(job: SandboxJob, folder: string, path: string): string {
  const share = job.shares?.find(({ at }) => isWithin(at, path));
  return share === undefined ? join(folder, path) : join(share.from, path.slice(share.at.length));
}
