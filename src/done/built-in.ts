import type { Clause } from '../contract/failure.ts';
import type { DoneRule } from './rule.ts';

/** A rule that the contract itself demands. */
export interface BuiltInRule extends DoneRule {
  readonly clause: Clause;
  readonly message: string;
}

/** The contract's own part of every Definition of Done (§11). Nothing in a platform file removes or replaces it. */
export const BUILT_IN_RULES: readonly BuiltInRule[] = [
  {
    name: 'all stages passed',
    clause: '§4',
    rule: `stages.map(s, s.stage) == ["change-intake", "build", "verification", "release", "deploy", "post-deploy-verification"]
      && stages.all(s, s.result == "passed")`,
    message: 'deploy again: no stage is skipped, reordered or left unfinished',
  },
  {
    name: 'the soak held',
    clause: '§10',
    rule: 'soak.held && soak.samples > 0',
    message: 'see the samples of post-deploy verification',
  },
  {
    name: 'smoke tests passed',
    clause: '§10',
    rule: 'size(smoke) > 0 && smoke.all(t, t.passed)',
    message: 'see the smoke tests of post-deploy verification',
  },
  {
    name: 'the change is named',
    clause: '§14',
    rule: `deployment.change.id != "" && deployment.change.summary != ""
      && deployment.change.reason != "" && deployment.change.requestedBy != ""`,
    message: 'deploy a documented change (§5)',
  },
];
