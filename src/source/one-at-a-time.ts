/**
 * `work`, never twice at the same time. A call during a run waits for one that begins after it, shared by all who wait:
 * a run under way may have looked before the caller's own change was there to be seen.
 */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | null = null;
  return () => {
    waiting ??= running
      .catch(() => {})
      .then(() => {
        waiting = null;
        running = work();
        return running;
      });
    return waiting;
  };
}
