/** Set for every process that the supervisor starts. */
export const SUPERVISED = 'SLIPWAY_SUPERVISED';

/**
 * Lets a process that `slipway up` started end with it, even when `up` is killed without a word: the supervisor holds
 * the other end of the process's stdin, and never writes. Does nothing in a process that a person started.
 *
 * A worker's main calls this. The runtime may too, but its instances must outlive it: they never inherit this stdin.
 * @param stop ends the process in good order.
 */
export function exitWhenParentDies(env: NodeJS.ProcessEnv, stop: () => void = () => process.exit(1)): void {
  if (env[SUPERVISED] === undefined) return;
  process.stdin
    .once('close', stop)
    .once('error', () => {})
    .resume();
  // Listening alone must not keep a process up that is done with its work.
  (process.stdin as Partial<{ unref(): void }>).unref?.();
}
