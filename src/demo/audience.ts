import { SlipwayError } from '../contract/failure.ts';
import { formatTarget, type Target } from '../contract/target.ts';
import type { RuntimeObserver } from '../runtime/driver.ts';
import { askSteadily, type RequestCount, type SteadyClient } from './client.ts';

/** What the one client of a story saw. */
export interface Seen {
  readonly requests: RequestCount;
  /** Of each step, in their order: those that were sent in it. */
  readonly byStep: readonly RequestCount[];
  /** The first failures, for people. */
  readonly failures: readonly string[];
}

/** The one client of a story: asks a target's stable address from the moment that it is first live. */
export interface Audience {
  /** Told, as often as one likes, that a target is live. */
  readonly onLive: (target: string) => void;
  /** Told that the next step begins; what is sent from now on counts as sent in it. */
  readonly onStep: () => void;
  /** Asks no more. @throws RUNTIME_UNAVAILABLE when the address could not be told */
  readonly leave: () => Promise<Seen>;
}

export interface AudienceOptions {
  readonly observer: RuntimeObserver;
  readonly target: Target;
  readonly path: string;
}

const NONE: RequestCount = { sent: 0, failed: 0 };

export function createAudience({ observer, target, path }: AudienceOptions): Audience {
  let client: Promise<SteadyClient> | null = null;
  let steps = 0;

  async function begin(): Promise<SteadyClient> {
    const { address } = await observer.observe(target);
    if (address !== null) return askSteadily(`${address}${path}`, { part: () => steps });
    throw new SlipwayError(
      'FILE_INVALID',
      `${formatTarget(target)} has no address to ask; name a component that serves HTTP`,
    );
  }

  return {
    onLive(live) {
      if (client !== null || live !== formatTarget(target)) return;
      client = begin();
      client.catch(() => {}); // thrown by `leave`
    },
    onStep: () => void (steps += 1),
    async leave() {
      const asked = await client;
      await asked?.stop();
      const byStep = Array.from({ length: steps }, (_, index) => asked?.countIn(index + 1) ?? NONE);
      return { requests: asked?.count() ?? NONE, byStep, failures: asked?.failures() ?? [] };
    },
  };
}
