import type { ComponentStore } from '../artifacts/store.ts';
import { parsePlatform } from '../config/load.ts';
import type { Platform } from '../config/platform.ts';
import { SlipwayError } from '../contract/failure.ts';
import { isTooWeak } from '../contract/sandbox-strength.ts';
import type { Target } from '../contract/target.ts';
import type { ChainTo } from './chain.ts';
import { environmentOf, readPlatform } from './platform.ts';

/** The weakest sandbox in which an artifact for an environment may have been built; null for any. @throws UNKNOWN_ENVIRONMENT */
export function requiredSandbox(platform: Platform, { environment }: Target): 'bwrap' | 'unshare' | null {
  return environmentOf(platform, environment).build?.require?.sandbox ?? null;
}

/**
 * Refuses what was built in a weaker sandbox than its environment asks for.
 * @param what such as `the build of 20261123.4f0c1d2e3a4b.9e107d9d`
 * @throws SANDBOX_TOO_WEAK
 */
export function refuseWeakSandbox(what: string, sandbox: string, platform: Platform, target: Target): void {
  const required = requiredSandbox(platform, target);
  if (!isTooWeak(sandbox, required)) return;
  throw new SlipwayError(
    'SANDBOX_TOO_WEAK',
    `${what}: found sandbox ${sandbox}, expected ${required}, as environments.${target.environment}.build.require of ` +
      `platform.yaml says (§6); let ${required} work where builds run (\`slipway doctor\`) and order the change again`,
  );
}

/**
 * The deployer's own look at what Build has found. A release that a person returns to was taken here already: a rule
 * that came later does not take the way back away (§13).
 * @throws SANDBOX_TOO_WEAK
 */
export async function refuseWeakBuild(store: ComponentStore, chain: ChainTo<'release'>, target: Target): Promise<void> {
  const { platform, returnTo } = chain['change-intake'].findings;
  if (returnTo !== null) return;
  const { release, sandbox } = chain.build.findings;
  refuseWeakSandbox(
    `the build of ${release.version}`,
    sandbox,
    parsePlatform(await readPlatform(store, platform)),
    target,
  );
}
