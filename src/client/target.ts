import { SlipwayError } from '../contract/failure.ts';
import { parseTarget, type Target } from '../contract/target.ts';

/** Reads `environment/component` that a caller wrote. @throws USAGE */
export function targetOf(text: string): Target {
  const target = parseTarget(text);
  if (target === null) throw new SlipwayError('USAGE', `${text} is no target: expected environment/component`);
  return target;
}
