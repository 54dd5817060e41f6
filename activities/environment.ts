import { SlipwayError } from '../src/contract/failure.ts';
import { formatTarget, type Target } from '../src/contract/target.ts';

/** A deployer acts in its own environment only, whoever asks. @throws UNTRUSTED_EVIDENCE */
export function refuseOtherEnvironment(own: string, target: Target): void {
  if (target.environment === own) return;
  throw new SlipwayError(
    'UNTRUSTED_EVIDENCE',
    `the deployer of ${own} was asked for ${formatTarget(target)}, and refuses`,
  );
}
