/** The seven stages, in the one order that exists (§4). The seventh is Completion or Rollback. */
export const STAGES = [
  'change-intake',
  'build',
  'verification',
  'release',
  'deploy',
  'post-deploy-verification',
  'completion',
] as const;

export type Stage = (typeof STAGES)[number];

/** Which worker role carries a stage out; its task queue is {@link taskQueueOf}. */
export const ROLE_OF_STAGE = {
  'change-intake': 'orchestrator',
  build: 'builder',
  verification: 'builder',
  release: 'orchestrator',
  deploy: 'deployer',
  'post-deploy-verification': 'deployer',
  completion: 'orchestrator',
} as const satisfies Record<Stage, Role>;

export type Role = 'orchestrator' | 'builder' | 'deployer';

/** The stage whose evidence a stage consumes, as a type: nothing else fits (§4: not skipped, reordered or merged). */
export interface StageBefore {
  'change-intake': null;
  build: 'change-intake';
  verification: 'build';
  release: 'verification';
  deploy: 'release';
  'post-deploy-verification': 'deploy';
  completion: 'post-deploy-verification';
}

/** The stage before `stage`, or null for the first. */
export function stageBefore<S extends Stage>(stage: S): StageBefore[S] {
  return (STAGES[STAGES.indexOf(stage) - 1] ?? null) as StageBefore[S];
}

/** Task queue of a role. Each environment's deployer has its own, and with it its own credentials. */
export function taskQueueOf(role: Role, environment: string): string {
  return role === 'deployer' ? `deployer-${environment}` : role;
}
