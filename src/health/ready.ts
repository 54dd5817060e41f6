import { type Clock, systemClock } from './clock.ts';

/** Whether a throwaway instance became healthy, and if not, why. Times are milliseconds since the wait began. */
export type Readiness =
  | { readonly state: 'healthy'; readonly after: number }
  | { readonly state: 'exited' | 'never'; readonly after: number; readonly detail: string };

export interface ReadinessWait {
  /** Looks once. What it throws is thrown on: it is our own error. */
  readonly check: () => Promise<{ readonly healthy: boolean; readonly detail: string }>;
  /** Milliseconds that it may take. */
  readonly within: number;
  /** Milliseconds from one check to the next. */
  readonly interval: number;
  /** Resolves, saying how it ended, when the instance exits; there is then nothing left to wait for. */
  readonly exited: Promise<string>;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
}

/** Waits until a throwaway instance is healthy, has exited, or has had its time. */
export async function waitUntilHealthy(wait: ReadinessWait): Promise<Readiness> {
  const { clock = systemClock } = wait;
  const begun = clock.now();
  const over = new AbortController();
  const until = wait.signal === undefined ? over.signal : AbortSignal.any([wait.signal, over.signal]);
  const elapsed = () => Math.round(clock.now() - begun);
  let seen = 'not yet checked';

  const healthy = async (): Promise<Readiness> => {
    for (;;) {
      const { healthy: yes, detail } = await wait.check();
      if (yes) return { state: 'healthy', after: elapsed() };
      seen = detail;
      await clock.wait(wait.interval, until);
    }
  };
  const exited = async (): Promise<Readiness> => ({ state: 'exited', detail: await wait.exited, after: elapsed() });
  const never = async (): Promise<Readiness> => {
    await clock.wait(wait.within, until);
    return { state: 'never', detail: seen, after: elapsed() };
  };

  try {
    wait.signal?.throwIfAborted();
    return await Promise.race([healthy(), exited(), never()]);
  } finally {
    over.abort();
  }
}
