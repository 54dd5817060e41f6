import { closeSync, readFileSync } from 'node:fs';

/** Names the file descriptor on which a process is given a secret. */
export const HANDED_OVER = 'SLIPWAY_HANDED_OVER_FD';
export const HANDED_OVER_FD = 3;

/**
 * What `slipway up` handed to this process, read to its end; null when it handed nothing over. Once: the descriptor is
 * closed then, so that nothing that this process starts has it.
 */
export function takeHandedOver(env: NodeJS.ProcessEnv): string | null {
  const given = env[HANDED_OVER];
  delete env[HANDED_OVER];
  if (given !== String(HANDED_OVER_FD)) return null;
  try {
    return readFileSync(HANDED_OVER_FD, 'utf8');
  } finally {
    closeSync(HANDED_OVER_FD);
  }
}
