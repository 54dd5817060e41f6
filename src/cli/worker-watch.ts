import { ROLE_OF_STAGE, taskQueueOf } from '../contract/stages.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import { parseTarget } from '../contract/target.ts';

/** What is waited for: a task queue that a worker has to poll. */
export interface Awaited {
  readonly taskQueue: string;
  readonly kind: 'workflow' | 'activity';
  /** What would be done there; another piece of work is waited for anew. */
  readonly work: string;
}

export interface WatchOptions {
  /** What is waited for at this moment; null when it is nothing that a worker does. */
  readonly awaited: () => Awaited | null;
  /** How many workers poll a queue. */
  readonly pollers: (queue: Pick<Awaited, 'taskQueue' | 'kind'>) => Promise<number>;
  readonly tell: (line: string) => void;
  /** Milliseconds of waiting before anything is said; 5 s unless given. */
  readonly patience?: number;
}

/** Says, while somebody waits, that no worker is there to do the work. Stopped by the function that it returns. */
export function watchWorkers({ awaited, pollers, tell, patience = 5_000 }: WatchOptions): () => void {
  let work = '';
  let since = Date.now();
  let said = '';

  const look = async (): Promise<void> => {
    const now = awaited();
    if (now?.work !== work) [work, since] = [now?.work ?? '', Date.now()];
    if (now === null || Date.now() - since < patience) return;
    const isAlone = (await pollers(now)) === 0;
    if (isAlone && said !== now.taskQueue) tell(`no worker polls ${now.taskQueue}; start it with: slipway up`);
    said = isAlone ? now.taskQueue : '';
  };
  // A server that does not answer is noticed, and said, by whoever waits for it.
  const timer = setInterval(() => void look().catch(() => {}), Math.min(1_000, patience));
  return () => clearInterval(timer);
}

/** The lanes themselves, which answer orders and acts. */
export const LANES: Awaited = { taskQueue: taskQueueOf('orchestrator', ''), kind: 'workflow', work: 'lane' };

/** Who has to carry out the stage that a deployment is in. */
export function awaitedBy(record: DeploymentRecord): Awaited | null {
  const stage = record.stages.at(-1);
  const environment = parseTarget(record.target)?.environment;
  if (stage === undefined || environment === undefined || record.result !== null) return LANES;
  const role = stage.result === null ? ROLE_OF_STAGE[stage.stage] : 'deployer';
  return { taskQueue: taskQueueOf(role, environment), kind: 'activity', work: `${stage.stage} ${stage.result}` };
}
