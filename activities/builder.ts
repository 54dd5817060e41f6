import type { BuilderActivities } from '../src/contract/activities.ts';
import { createBuild, type BuildDeps } from './build.ts';
import { createVerification, type VerificationDeps } from './verification.ts';

/** All activities of the builder: the only place where a component's code runs before it is released. */
export function createBuilderActivities(deps: BuildDeps & VerificationDeps): BuilderActivities {
  return { ...createBuild(deps), ...createVerification(deps) };
}
