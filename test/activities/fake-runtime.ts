import type { RuntimeState } from '../../src/contract/activities.ts';
import type {
  Activation,
  Observation,
  Restoration,
  RestorationResult,
  RuntimeDriver,
} from '../../src/runtime/driver.ts';
import { judgeActivation, judgeRestoration } from '../../src/runtime/local/generation.ts';
import type { TargetState } from '../../src/runtime/local/state.ts';
import { SlipwayError } from '../../src/contract/failure.ts';

/** The local runtime's own judgement of generations, with nothing that would have to be started. */
export function createFakeRuntime(shown: RuntimeState) {
  const deploymentId = shown.live?.deploymentId;
  const act =
    deploymentId === undefined ? null : { kind: 'activated' as const, deploymentId, generation: shown.generation };
  let state: TargetState = { ...shown, act, hashes: null, instance: null, restarts: 0, warm: null };
  /** Run before each restoration, as whatever happens meanwhile. */
  let meanwhile: () => Promise<void> = async () => undefined;

  const observation = (): Observation => ({
    target: 'staging/storefront',
    generation: state.generation,
    live: state.live,
    instance: null,
    warm: null,
    address: null,
    instanceFolder: '/nowhere',
    log: null,
    isolation: 'none',
  });

  const driver: RuntimeDriver = {
    observe: async () => observation(),
    measure: async () => ({ live: null, before: null }),
    prove: async () => ({ standing: null }),
    async activate(activation: Activation) {
      const { generation, release: live, deploymentId: by } = activation;
      const verdict = judgeActivation(state, activation);
      if (verdict === 'stale') throw new SlipwayError('STALE_GENERATION', 'the runtime has moved on');
      if (verdict === 'make')
        state = { ...state, generation, live, act: { kind: 'activated', deploymentId: by, generation } };
      return { observation: observation(), instanceFolderHashes: null };
    },
    async restore(restoration: Restoration): Promise<RestorationResult> {
      await meanwhile();
      const { generation, deploymentId: by, to } = restoration;
      const verdict = judgeRestoration(state, restoration);
      if ('todo' in verdict) {
        const kind = verdict.todo === 'burn' ? 'burned' : to === null ? 'removed' : 'restored';
        const made = kind === 'burned' ? { generation } : { generation: generation + 1, live: to };
        state = { ...state, ...made, act: { kind, deploymentId: by, generation } };
      }
      const done = judgeRestoration(state, restoration);
      const outcome = 'outcome' in done ? done.outcome : 'superseded';
      return { outcome, observation: observation(), instanceFolderHashes: null };
    },
    retire: async () => undefined,
  };

  return {
    driver,
    shows: (): RuntimeState => ({ generation: state.generation, live: state.live }),
    onRestore(happens: () => Promise<void>): void {
      meanwhile = happens;
    },
  };
}
