/** Runs one piece of work at a time, in the order in which it was asked for. */
export interface Mutex {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Whether anything runs or waits. */
  readonly busy: boolean;
}

export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    run(work) {
      waiting += 1;
      const done = last.then(work).finally(() => {
        waiting -= 1;
      });
      last = done.catch(() => undefined);
      return done;
    },
    get busy() {
      return waiting > 0;
    },
  };
}
