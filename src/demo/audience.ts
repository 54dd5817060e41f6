import { SlipwayError } from '../contract/failure.ts';
import { formatTarget, type Target } from '../contract/target.ts';
import type { RuntimeObserver } from '../runtime/driver.ts';
import { askSteadily, type RequestCount, type SteadyClient } from './client.ts';

/** What the one client of a story saw. */
export interface Seen {
  readonly requests: RequestCount;
  /** The first failures, for people. */
  readonly failures: readonly string[];
}

/** The one client of a story: asks a target's stable address from the moment that it is first live. */
export interface Audience {
  /** Told, as often as one likes, that a target is live. */
  readonly onLive: (target: string) => void;
  /** Asks no more. @throws RUNTIME_UNAVAILABLE when the address could not be told */
  readonly leave: () => Promise<Seen>;
}

export interface AudienceOptions {
  readonly observer: RuntimeObserver;
  readonly target: Target;
  readonly path: string;
}

export function createAudience({ observer, target, path }: AudienceOptions): Audience {
  let client: Promise<SteadyClient> | null = null;

  async function begin(): Promise<SteadyClient> {
    const { address } = await observer.observe(target);
    if (address !== null) return askSteadily(`${address}${path}`);
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
    async leave() {
      const asked = await client;
      if (asked === null) return { requests: { sent: 0, failed: 0 }, failures: [] };
      await asked.stop();
      return { requests: asked.count(), failures: asked.failures() };
    },
  };
}
