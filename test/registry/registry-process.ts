import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startRegistry as startProgram, type RegistryProcess } from '../../bench/registry.ts';

export type { RegistryProcess };

/** A registry of somebody else's making, found on this machine. */
export interface RegistryProgram {
  readonly name: string;
  /** Null where it is not installed. */
  readonly command: string | null;
  /** What to do about that. */
  readonly missing: string;
}

function programNamed(...names: readonly string[]): string | null {
  const go = spawnSync('go', ['env', 'GOPATH'], { encoding: 'utf8' });
  const folders = [
    ...(process.env['PATH'] ?? '').split(':'),
    ...(go.status === 0 ? [join(go.stdout.trim(), 'bin')] : []),
  ];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((file) => existsSync(file)) ?? null;
}

export const DOCKER_REGISTRY: RegistryProgram = {
  name: 'docker-registry 2.8',
  command: programNamed('docker-registry'),
  missing: 'docker-registry is not installed here: apt-get install docker-registry',
};

export const DISTRIBUTION: RegistryProgram = {
  name: 'distribution 3.0',
  command: process.env['SLIPWAY_TEST_REGISTRY'] ?? programNamed('registry'),
  missing:
    'distribution is not installed here: go install github.com/distribution/distribution/v3/cmd/registry@v3.0.0, and PATH or SLIPWAY_TEST_REGISTRY',
};

/** Whom {@link startRegistry} lets in with `password`, beside the user slipway with s3cret: long enough to be looked for. */
export const CANARY_USER = { user: 'canary', password: 'kan+/?&~5f3a9c0e7b1d2846a0c4/end' };

const HTPASSWD = `slipway:$2b$04$vL4CHFbUPp8fve3eOf0DruxlRsTRLXRes01hWOZFDE2eARvk3VOGa
canary:$2b$04$vL4CHFbUPp8fve3eOf0DrunjL0s0MTy1Q8NGNjTrDnjRnW1Mk4OBy
`;

/** Starts a registry with a folder of its own, and waits until it answers. */
export async function startRegistry(
  { command, missing }: RegistryProgram,
  { password = false, tls }: { password?: boolean; tls?: { certificate: string; key: string } } = {},
): Promise<RegistryProcess> {
  if (command === null) throw new Error(missing);
  return startProgram(command, async (folder) => {
    const path = join(folder, 'htpasswd');
    if (password) await writeFile(path, HTPASSWD);
    const auth = { htpasswd: { realm: 'slipway', path } };
    return { env: { PATH: process.env['PATH'] }, ...(tls && { tls }), ...(password && { auth }) };
  });
}
