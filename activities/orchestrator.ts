import type { OrchestratorActivities } from '../src/contract/activities.ts';
import { createChangeIntake, type ChangeIntakeDeps } from './change-intake.ts';
import { createCompletion, type CompletionDeps } from './completion.ts';
import { createLane } from './lane.ts';
import { createNotification, type NotificationDeps } from './notification.ts';
import { createRelease } from './release.ts';

/** All activities of the orchestrator. It may observe a runtime, and has nothing to change one with. */
export function createOrchestratorActivities(
  deps: ChangeIntakeDeps & CompletionDeps & NotificationDeps,
): OrchestratorActivities {
  return {
    ...createChangeIntake(deps),
    ...createRelease(deps),
    ...createCompletion(deps),
    ...createLane(deps),
    ...createNotification(deps),
  };
}
