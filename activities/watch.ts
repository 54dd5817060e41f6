import type { DeployerActivities } from '../src/contract/activities.ts';
import type { DeployDeps } from './deploy.ts';

export function createWatch(_deps: DeployDeps): Pick<DeployerActivities, 'watchRelease'> {
  return { watchRelease: async () => ({ outcome: 'held', reason: '', evidence: null }) };
}
