import { describe, expect, it } from 'vitest';
import type { LiveRelease } from '../../src/contract/release.ts';
import { judgeActivation, judgeRestoration } from '../../src/runtime/local/generation.ts';
import type { Act, TargetState } from '../../src/runtime/local/state.ts';

const target = { environment: 'staging', component: 'shop' };
const release = (version: string, deploymentId: string): LiveRelease => ({
  version,
  digest: `sha256:${version.repeat(64)}`,
  deploymentId,
});
const [old, mine, other] = [release('a', 'd/1'), release('b', 'd/2'), release('c', 'd/3')];

function state(generation: number, kind: Act['kind'], by: string, made: number, live: LiveRelease | null): TargetState {
  const act = { kind, deploymentId: by, generation: made };
  return { generation, act, live, hashes: null, instance: null, restarts: 0, warm: null };
}
const nothing: TargetState = { ...state(0, 'activated', '', 0, null), act: null };

describe('activate(g), for deployment d/2', () => {
  it.each([
    ['nothing was ever here', nothing, 1, 'make'],
    ['nothing was ever here, but somebody is ahead of himself', nothing, 2, 'stale'],
    ['the one before is observed', state(4, 'activated', 'd/1', 4, old), 5, 'make'],
    ['this very activation is observed: its answer was lost', state(5, 'activated', 'd/2', 5, mine), 5, 'same'],
    ['this generation is observed, with another release', state(5, 'activated', 'd/2', 5, other), 5, 'stale'],
    ['this generation is another deployment’s', state(5, 'activated', 'd/3', 5, mine), 5, 'stale'],
    ['this generation was burned', state(5, 'burned', 'd/2', 5, old), 5, 'stale'],
    ['this deployment was restored already', state(6, 'restored', 'd/2', 5, old), 5, 'stale'],
    ['its release came back by a restoration under this number', state(5, 'restored', 'd/3', 4, mine), 5, 'stale'],
    ['the runtime has moved on', state(9, 'activated', 'd/9', 9, other), 5, 'stale'],
  ] as const)('%s', (_case, observed, generation, verdict) => {
    expect(judgeActivation(observed, { target, deploymentId: 'd/2', generation, release: mine })).toBe(verdict);
  });
});

describe('restore(g), for deployment d/2', () => {
  it.each([
    ['its activation is observed', state(5, 'activated', 'd/2', 5, mine), { todo: 'restore' }],
    ['its activation never came', state(4, 'activated', 'd/1', 4, old), { todo: 'burn' }],
    ['it was burned before: its answer was lost', state(5, 'burned', 'd/2', 5, old), { outcome: 'burned' }],
    ['it was restored before: its answer was lost', state(6, 'restored', 'd/2', 5, old), { outcome: 'restored' }],
    ['it was removed before: its answer was lost', state(6, 'removed', 'd/2', 5, null), { outcome: 'removed' }],
    ['this generation is another deployment’s', state(5, 'activated', 'd/3', 5, other), { outcome: 'superseded' }],
    ['another deployment was restored', state(6, 'restored', 'd/3', 5, old), { outcome: 'superseded' }],
    ['somebody deployed since', state(7, 'activated', 'd/3', 7, other), { outcome: 'superseded' }],
    ['it lies far ahead of what is observed', state(2, 'activated', 'd/1', 2, old), { outcome: 'superseded' }],
  ] as const)('%s', (_case, observed, verdict) => {
    expect(judgeRestoration(observed, { target, deploymentId: 'd/2', generation: 5, to: old })).toEqual(verdict);
  });

  it.each([
    ['its activation is observed', state(5, 'activated', 'd/2', 5, mine), { outcome: 'left' }],
    ['its activation never came', state(4, 'activated', 'd/1', 4, old), { todo: 'burn' }],
    ['it was burned before: its answer was lost', state(5, 'burned', 'd/2', 5, old), { outcome: 'burned' }],
    ['it was restored before', state(6, 'restored', 'd/2', 5, old), { outcome: 'restored' }],
    ['this generation is another deployment’s', state(5, 'activated', 'd/3', 5, other), { outcome: 'superseded' }],
    ['somebody deployed since', state(7, 'activated', 'd/3', 7, other), { outcome: 'superseded' }],
  ] as const)('which leaves what was activated: %s', (_case, observed, verdict) => {
    const restoration = { target, deploymentId: 'd/2', generation: 5, to: null, whenActivated: 'leave' } as const;
    expect(judgeRestoration(observed, restoration)).toEqual(verdict);
  });

  it('burns the first generation of a target that never had a release', () => {
    expect(judgeRestoration(nothing, { target, deploymentId: 'd/1', generation: 1, to: null })).toEqual({
      todo: 'burn',
    });
  });
});
