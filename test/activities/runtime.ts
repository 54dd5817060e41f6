import type { RuntimeState } from '../../src/contract/activities.ts';
import { SlipwayError } from '../../src/contract/failure.ts';
import { formatTarget, type Target } from '../../src/contract/target.ts';
import type {
  Activation,
  Observation,
  Proof,
  Restoration,
  RestorationResult,
  RuntimeDriver,
} from '../../src/runtime/driver.ts';

export type FakeRuntime = ReturnType<typeof createFakeRuntime>;

/** A runtime in memory: it compares generations as DESIGN says, and runs nothing. */
export function createFakeRuntime() {
  let state: RuntimeState = { generation: 0, live: null };
  let last: {
    readonly deploymentId: string;
    readonly generation: number;
    readonly outcome: RestorationResult['outcome'] | null;
  } | null = null;
  let isAway = false;
  let proves = async (proof: Proof): Promise<Proof> => proof;
  const calls: string[] = [];

  function observation(target: Target): Observation {
    if (isAway) throw new SlipwayError('RUNTIME_UNAVAILABLE', 'the runtime does not answer');
    const rest = {
      instance: null,
      warm: null,
      address: null,
      instanceFolder: '/instances',
      log: null,
      isolation: 'none',
    } as const;
    return { target: formatTarget(target), ...state, ...rest };
  }

  const driver: RuntimeDriver = {
    async observe(target) {
      calls.push('observe');
      return observation(target);
    },
    async measure() {
      return { live: null, before: null };
    },
    async prove({ target, release }) {
      calls.push('prove');
      return await proves({ standing: observation(target).live?.digest === release.digest ? 'live' : null });
    },
    async activate({ target, deploymentId, generation, release }: Activation) {
      calls.push('activate');
      const isDone = last?.deploymentId === deploymentId && last.generation === generation && last.outcome === null;
      if (!isDone) {
        if (generation !== observation(target).generation + 1)
          throw new SlipwayError('STALE_GENERATION', 'it has moved on');
        state = { generation, live: release };
        last = { deploymentId, generation, outcome: null };
      }
      return { observation: observation(target), instanceFolderHashes: null };
    },
    async restore({ target, deploymentId, generation, to, whenActivated }: Restoration) {
      calls.push('restore');
      const observed = observation(target);
      if (observed.generation === generation - 1) {
        state = { ...state, generation };
        last = { deploymentId, generation, outcome: 'burned' };
      } else if (last?.deploymentId === deploymentId && last.generation === generation && last.outcome === null) {
        if (whenActivated === 'leave') return { outcome: 'left', observation: observed, instanceFolderHashes: null };
        state = { generation: generation + 1, live: to };
        last = { deploymentId, generation, outcome: to === null ? 'removed' : 'restored' };
      }
      const isOwn = last?.deploymentId === deploymentId && last.generation === generation;
      const outcome = (isOwn && last?.outcome) || 'superseded';
      return { outcome, observation: observation(target), instanceFolderHashes: null };
    },
    async retire() {
      calls.push('retire');
    },
  };

  return {
    driver,
    /** What was asked of it, in order. */
    calls: calls as readonly string[],
    state: (): RuntimeState => state,
    /** Puts it into a state, as a deployment of the past left it, or as a hand does. */
    set(next: RuntimeState): void {
      state = next;
      last = null;
    },
    /** What it says of the way back instead. */
    onProve(instead: () => Promise<Proof>): void {
      proves = instead;
    },
    /** Whether it answers. */
    away(is = true): void {
      isAway = is;
    },
  };
}
