import type { DeploymentRecord } from '../../contract/record.ts';
import type { Output } from './output.ts';
import { stepsBetween } from './steps.ts';

/** Shows people how an order fares. */
export interface Progress {
  /** It waits. @param why what holds it up, or null when only orders before it do */
  readonly queued: (position: number, why: string | null) => void;
  /** A new state of its deployment. */
  readonly at: (record: DeploymentRecord) => void;
  /** Something that they should know meanwhile. */
  readonly note: (text: string) => void;
  /** Nothing more comes. */
  readonly close: () => Promise<void>;
}

/** Drawn in place on a terminal, plain lines anywhere else. */
export async function createProgress(output: Output): Promise<Progress> {
  if (!output.live) return lineProgress(output);
  const { liveProgress } = await import('./live.ts');
  return liveProgress();
}

/** One line for each thing that happens. */
function lineProgress({ tell }: Pick<Output, 'tell'>): Progress {
  let shown: DeploymentRecord | null = null;
  let told = '';
  return {
    queued(position, why) {
      const line = describeQueue(position, why);
      if (line !== told) tell(line);
      told = line;
    },
    at(record) {
      for (const step of stepsBetween(shown, record)) tell(step);
      shown = record;
    },
    note: tell,
    close: async () => {},
  };
}

export function describeQueue(position: number, why: string | null): string {
  return `queued at position ${position}${why === null ? '' : `: ${why}`}`;
}
