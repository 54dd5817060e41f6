import type { Activation, Restoration, RestorationResult } from '../driver.ts';
import type { TargetState } from './state.ts';

/** `make` it live; the `same` is live already, by this very deployment; or the caller is `stale` (DESIGN, third lock). */
export type ActivationVerdict = 'make' | 'same' | 'stale';

export function judgeActivation(state: TargetState, activation: Activation): ActivationVerdict {
  if (activation.generation === state.generation + 1) return 'make';
  const done =
    state.act?.kind === 'activated' &&
    state.act.deploymentId === activation.deploymentId &&
    state.generation === activation.generation &&
    state.live?.digest === activation.release.digest &&
    state.live.version === activation.release.version;
  return done ? 'same' : 'stale';
}

/** What is to be done, or the outcome that stands: done before, or not this deployment's to do. */
export type RestorationVerdict =
  | { readonly todo: 'restore' | 'burn' }
  | { readonly outcome: RestorationResult['outcome'] };

export function judgeRestoration(state: TargetState, restoration: Restoration): RestorationVerdict {
  if (state.generation === restoration.generation - 1) return { todo: 'burn' };
  const { act } = state;
  const mine = act?.deploymentId === restoration.deploymentId && act.generation === restoration.generation;
  if (act === null || !mine) return { outcome: 'superseded' };
  if (act.kind !== 'activated') return { outcome: act.kind };
  return restoration.whenActivated === 'leave' ? { outcome: 'left' } : { todo: 'restore' };
}
