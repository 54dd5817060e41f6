import fc from 'fast-check';
import type { Act } from '../../src/contract/acts.ts';
import type { LaneFacts } from '../../src/contract/activities.ts';
import {
  acted,
  adopted,
  emptyLane,
  ended,
  nextOrder,
  notStarted,
  recordOfQueued,
  recovered,
  started,
  starting,
  submitted,
  type LaneState,
} from '../../src/contract/lane.ts';
import { contentOf, type Order } from '../../src/contract/order.ts';
import { openRecord, type DeploymentRecord } from '../../src/contract/record.ts';

const TARGET = { environment: 'staging', component: 'web' };
const NOW = '2026-11-23T12:00:00.000Z';

/** What can happen to a lane. An event that cannot happen now does nothing. */
export type Happening =
  | { readonly is: 'submit'; readonly request: number; readonly rollback: boolean }
  | { readonly is: 'start' | 'take' | 'number taken' | 'hold' | 'resume' | 'carry over' | 'begin cold' | 'lost' }
  | { readonly is: 'end'; readonly completed: boolean }
  | { readonly is: 'abort'; readonly place: number };

export const happenings: fc.Arbitrary<Happening[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ is: fc.constant('submit' as const), request: fc.nat(60), rollback: fc.boolean() }),
    },
    { weight: 5, arbitrary: fc.constant({ is: 'start' } as const) },
    { weight: 5, arbitrary: fc.constant({ is: 'take' } as const) },
    { weight: 5, arbitrary: fc.record({ is: fc.constant('end' as const), completed: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('abort' as const), place: fc.nat(5) }) },
    {
      weight: 3,
      arbitrary: fc
        .constantFrom('hold', 'resume', 'carry over', 'begin cold', 'lost', 'number taken')
        .map((is) => ({ is }) as Happening),
    },
  ),
  { minLength: 80, maxLength: 160, size: 'max' },
);

/** A deployment that Temporal has taken. */
interface Taken {
  readonly n: number;
  readonly order: Order;
  ended: boolean;
}

/**
 * The world around a lane, which remembers everything for good: what Temporal has taken, what was withdrawn, what was
 * ever asked for. The lane forgets with each cold start whatever neither Temporal nor the store knows: its queue.
 */
export class World {
  lane: LaneState = emptyLane(TARGET);
  readonly taken: Taken[] = [];
  readonly withdrawn: Order[] = [];
  /** Orders that the lane was asked for and has not been made to forget, in the order of asking. */
  asked: Order[] = [];
  held = false;
  /** What was started last, and what the lane was like then. */
  lastStart: { readonly order: Order; readonly before: LaneState } | null = null;

  do(happening: Happening): void {
    const { running } = this.lane;
    switch (happening.is) {
      case 'submit': {
        const order = orderOf(happening.request, happening.rollback);
        if (!this.knows(order.requestId)) this.asked.push(order);
        this.lane = submitted(this.lane, order, NOW);
        return;
      }
      case 'start': {
        const order = nextOrder(this.lane);
        if (order === null) return;
        this.lastStart = { order, before: this.lane };
        this.lane = starting(this.lane, order, NOW);
        return;
      }
      case 'take':
        if (running === null || this.isTaken(running.n)) return;
        this.taken.push({ n: running.n, order: running.order, ended: false });
        this.lane = started(this.lane);
        return;
      case 'number taken': // somebody took this lane's next number; the lane notices when it wants to use it
        if (running === null || this.isTaken(running.n)) return;
        this.taken.push({ n: running.n, order: orderOf(1000 + running.n, true), ended: running.n % 2 === 0 });
        this.recover(notStarted(this.lane));
        return;
      case 'end': {
        const deployment = this.taken.find(({ ended }) => !ended);
        if (running === null || deployment === undefined || running.n !== deployment.n) return;
        deployment.ended = true;
        this.lane = ended(this.lane, recordOf(deployment, happening.completed));
        return;
      }
      case 'abort': {
        const queued = this.lane.queue[happening.place]?.order;
        if (queued === undefined || queued.requestId === running?.order.requestId) return;
        const record = recordOfQueued(queued, 'aborted by bob: not needed');
        this.act({ kind: 'order-ended', record, order: queued });
        this.withdrawn.push(queued);
        return;
      }
      case 'hold':
      case 'resume':
        this.act({ kind: happening.is, by: 'bob', reason: 'so' });
        this.held = happening.is === 'hold';
        return;
      case 'carry over': // continue-as-new, which happens between deployments only
        if (running === null) this.lane = JSON.parse(JSON.stringify(this.lane)) as LaneState;
        return;
      case 'begin cold': // terminated: what was only queued is forgotten, and may be asked for again
        this.asked = this.asked.filter(({ requestId }) => this.remembers(requestId));
        this.recover(emptyLane(TARGET));
        return;
      case 'lost': // reset: the lane lives through its own past again, and finds its numbers taken
        if (running === null) this.recover(this.lane);
    }
  }

  private act(act: Act): void {
    this.lane = acted(this.lane, act, NOW);
  }

  private recover(lane: LaneState): void {
    const open = this.taken.filter((deployment) => !deployment.ended);
    const known = this.taken.filter((deployment) => deployment.ended);
    const facts: LaneFacts = {
      live: null,
      knownHealthy: null,
      generation: 0,
      hold: this.held ? { by: 'bob', reason: 'so', since: NOW } : null,
      n: this.taken.length,
      recent: [
        ...this.withdrawn.map((order) => ({
          requestId: order.requestId,
          content: contentOf(order),
          deploymentId: null,
        })),
        ...known.map(({ n, order }) => ({
          requestId: order.requestId,
          content: contentOf(order),
          deploymentId: `staging/web/${n}`,
        })),
      ],
      unfinished: open.map(({ n, order }) => ({ n, order, startedAt: NOW })),
    };
    this.lane = recovered(lane, facts);
    for (const unfinished of facts.unfinished) this.lane = adopted(this.lane, unfinished);
  }

  private isTaken(n: number): boolean {
    return this.taken.some((deployment) => deployment.n === n);
  }

  /** What Temporal or the store knows of, whatever happens to the lane. */
  private remembers(requestId: string): boolean {
    return [...this.taken.map(({ order }) => order), ...this.withdrawn].some((order) => order.requestId === requestId);
  }

  private knows(requestId: string): boolean {
    return this.remembers(requestId) || this.asked.some((order) => order.requestId === requestId);
  }
}

function orderOf(request: number, rollback: boolean): Order {
  const base = { requestId: `request ${request}`, target: TARGET, by: 'ada' };
  return rollback
    ? { ...base, kind: 'rollback', reason: 'looks odd', version: null }
    : { ...base, kind: 'deploy', change: 'CHG-1042', source: 'shop', revision: 'f'.repeat(40) };
}

function recordOf({ n, order }: Taken, completed: boolean): DeploymentRecord {
  const artifact = { version: `v${n}`, digest: `sha256:${'0'.repeat(64)}` } as const;
  return { ...openRecord(`staging/web/${n}`, order), artifact, result: completed ? 'completed' : 'failed' };
}
