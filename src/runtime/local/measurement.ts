import { NO_ANSWERS, NO_COUNTS } from '../../contract/answers.ts';
import type { Measurement } from '../driver.ts';
import type { TargetContext } from './context.ts';

/** `RuntimeDriver.measure` for one target. What the runtime has counted nothing of yet is none, not unknown. */
export function measureTarget({ name, addresses, state }: TargetContext): Measurement {
  const { live, instance, warm } = state();
  const address = addresses.find(name);
  const isMeasured = live !== null && instance !== null && instance.port !== null;
  return {
    live: isMeasured ? { instance: instance.id, answers: address?.counterOf(instance)?.answers() ?? NO_ANSWERS } : null,
    before: warm === null ? null : (address?.counterOf(warm.instance)?.last() ?? NO_COUNTS),
  };
}
