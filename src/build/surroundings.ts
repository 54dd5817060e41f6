import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UNASSIGNED_UIDS, type SandboxJob } from './sandbox.ts';
import type { Checkout } from './sources.ts';

/** What surrounds a build, and must not show in what it puts out (§6). */
export interface Surroundings extends Pick<Checkout, 'order'>, Pick<SandboxJob, 'identity'> {
  /** Where the checkout lies. */
  readonly at: string;
  readonly timeZone: string;
  /** Variables of the locale. */
  readonly locale: Readonly<Record<string, string>>;
  /** As {@link SandboxJob.cpus}; null for all that there are. */
  readonly cpus: string | null;
  /** Variables that mean nothing. */
  readonly noise: Readonly<Record<string, string>>;
}

/**
 * Those of the two builds: all that can be varied without lying to a build. The clock cannot, it is another one by
 * itself: what a build puts out of it is found out as far as it has moved from the one build to the other.
 */
export function surroundings(): readonly [Surroundings, Surroundings] {
  const { first, last } = UNASSIGNED_UIDS;
  // Drawn anew, as the kernel counts the processes of all that run under one number.
  const middle = Math.floor((first + last) / 2);
  return [
    {
      at: '/build/source',
      order: 'sorted',
      identity: { user: 'wright', uid: randomInt(first, middle), host: 'keel', umask: '022' },
      timeZone: 'UTC',
      locale: { LANG: 'C.UTF-8' },
      cpus: null,
      noise: {},
    },
    {
      at: '/home/joiner/another-checkout',
      order: 'reverse',
      identity: { user: 'joiner', uid: randomInt(middle, last + 1), host: 'mast', umask: '002' },
      timeZone: 'Pacific/Auckland',
      // Not every machine has it; characters stay UTF-8 all the same, so that no build breaks on a letter.
      locale: { LANG: 'de_CH.UTF-8', LC_CTYPE: 'C.UTF-8' },
      cpus: allButOne(ownStatus()),
      noise: { NOISE: 'a build does not put its environment into what it makes' },
    },
  ];
}

/**
 * Of the CPUs that a process may run on, all but the last, as `taskset` takes them; so hardly slower than with all.
 * @param status `/proc/self/status`
 * @returns null where there is only one, or nobody says.
 */
export function allButOne(status: string): string | null {
  const allowed = /^Cpus_allowed_list:\s*([\d,-]+)$/m
    .exec(status)?.[1]
    ?.split(',')
    .map((range) => range.split('-').map(Number));
  const [from, to = from] = allowed?.pop() ?? [];
  if (allowed === undefined || from === undefined || to === undefined) return null;
  const left = to > from ? [...allowed, [from, to - 1]] : allowed;
  return left.length === 0 ? null : left.map((range) => [...new Set(range)].join('-')).join(',');
}

function ownStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
}
