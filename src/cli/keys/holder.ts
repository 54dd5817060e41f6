import { Option } from 'commander';
import { line } from '../../config/words.ts';
import { SlipwayError } from '../../contract/failure.ts';
import type { Role } from '../../contract/stages.ts';
import type { LoadedPlatform } from '../../config/load.ts';
import type { Holder } from '../../signing/choice.ts';

export const ROLES = ['orchestrator', 'builder', 'deployer'] as const satisfies readonly Role[];

export function environmentOption(): Option {
  return new Option('--environment <env>', 'of a deployer: the environment that it signs for');
}

/** Whose key is meant. @throws USAGE, UNKNOWN_ENVIRONMENT */
export function holderNamed({ platform }: LoadedPlatform, role: string, environment: string | undefined): Holder {
  const known = ROLES.find((each) => each === role);
  if (known === undefined) throw new SlipwayError('USAGE', `found ${role}, expected one of ${ROLES.join(', ')}`);
  if (known !== 'deployer') {
    if (environment === undefined) return { role: known, environment: null };
    throw new SlipwayError('USAGE', `--environment: ${known} signs for every environment; leave it out`);
  }
  if (environment === undefined)
    throw new SlipwayError('USAGE', 'a deployer has a key for each environment: name one with --environment');
  if (Object.hasOwn(platform.environments, environment)) return { role: known, environment };
  const declared = Object.keys(platform.environments).join(', ');
  throw new SlipwayError('UNKNOWN_ENVIRONMENT', `found ${environment}, expected one of ${declared}`);
}

/** @throws USAGE for what is no line of text */
export function lineOf(option: string, text: string): string {
  const trimmed = text.trim();
  if (line.safeParse(trimmed).success) return trimmed;
  throw new SlipwayError('USAGE', `${option}: expected one line of text`);
}
