import type { InstanceObservation, Observation } from '../../src/runtime/driver.ts';

/** An instance that is well. */
export const alive: InstanceObservation = {
  id: 'a1',
  state: 'ready',
  restarts: 0,
  startedAt: '2026-11-23T00:00:00.000Z',
  heartbeatAge: null,
};

/** A target on which that instance is live. */
export function observation(other: Partial<Observation> = {}): Observation {
  return {
    target: 'staging/storefront',
    generation: 7,
    live: null,
    instance: alive,
    warm: null,
    address: null,
    instanceFolder: '/instances',
    log: null,
    isolation: 'bwrap',
    ...other,
  };
}
