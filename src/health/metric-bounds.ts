import type { Part } from './judgement.ts';
import type { MetricBound, VerdictPolicy } from './policy.ts';
import type { MetricSample } from './sample.ts';

/** The configured metrics, one part each: as of looks at the health, so many in a row beyond a bound fail. */
export function metricParts(samples: readonly MetricSample[], { metrics, failures }: VerdictPolicy): readonly Part[] {
  return metrics.map((bound) =>
    metricPart(
      bound,
      samples.filter(({ name }) => name === bound.name),
      failures,
    ),
  );
}

/** A moment without a single number neither breaks a row nor lengthens it, and nothing passes on one: that is ours to mend. */
function metricPart(bound: MetricBound, samples: readonly MetricSample[], failures: number): Part {
  const name = `metric ${bound.name}`;
  let row = 0;
  for (const { value } of samples) {
    if (value === null) continue;
    row = isBeyond(value, bound) ? row + 1 : 0;
    if (row < failures) continue;
    return { verdict: 'fail', reason: `${name}: ${failures} in a row ${beyond(bound)}, the last: ${value}` };
  }
  const last = samples.at(-1);
  if (last === undefined) return { verdict: 'inconclusive', reason: `${name}: not asked yet`, ours: true };
  if (last.value === null) return { verdict: 'inconclusive', reason: `${name}: ${last.detail}`, ours: true };
  return isBeyond(last.value, bound)
    ? { verdict: 'inconclusive', reason: `${name}: the last was ${beyond(bound)}: ${last.value}` }
    : { verdict: 'pass', reason: `${name} ${last.value}` };
}

function isBeyond(value: number, { max = Infinity, min = -Infinity }: MetricBound): boolean {
  return value > max || value < min;
}

function beyond({ max, min }: MetricBound): string {
  const sides = [max === undefined ? [] : [`above ${max}`], min === undefined ? [] : [`below ${min}`]];
  return sides.flat().join(' or ');
}
