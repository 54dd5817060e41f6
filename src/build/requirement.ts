import type { Environment } from '../config/platform.ts';
import type { SandboxKind } from './sandbox.ts';

type Requirement = NonNullable<Environment['build']>['require'];

/** From the weakest to the strongest. What is not on it, as in evidence that does not say, is weaker than all of them. */
export const STRENGTHS: readonly string[] = ['none', 'unshare', 'bwrap'] satisfies readonly SandboxKind[];

/** Whether what was built in `sandbox` was built in a weaker one than an environment asks for (§6). */
export function isTooWeak(sandbox: string, required: NonNullable<Requirement>['sandbox'] | null): boolean {
  return required !== null && STRENGTHS.indexOf(sandbox) < STRENGTHS.indexOf(required);
}
