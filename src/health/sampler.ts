import { formatDuration } from '../config/duration.ts';
import type { Health } from '../config/manifest.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { InstanceObservation, Observation } from '../runtime/driver.ts';
import type { Clock } from './clock.ts';
import { HEARTBEAT_GRACE } from './heartbeat.ts';
import { type ProbeAnswer, type Prober, probedFor } from './probe.ts';
import type { Sample, SampleKind, SampleOutcome } from './sample.ts';

export interface SamplerDeps {
  readonly health: Health;
  /** Stable address; null for an agent. */
  readonly address: string | null;
  readonly prober: Prober;
  /** What it throws is thrown on: our own runtime's silence (RUNTIME_UNAVAILABLE) is no evidence against a release. */
  readonly observe: () => Promise<Observation>;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** Looks at a live release as its users do, and at its instance as the runtime does. */
export interface Sampler {
  readonly take: (kind: SampleKind) => Promise<Sample>;
  /** Asks through the stable address, for a smoke test unless it is said to be for health. */
  readonly ask: (path: string, options: AskOptions) => Promise<ProbeAnswer>;
}

export interface AskOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly purpose?: 'health' | 'smoke';
}

/** What a gateway says of an instance that does not answer. No 503: sick components say that of themselves. */
const NOBODY_THERE = new Set([502, 504]);

type Look = Pick<Sample, 'outcome' | 'status' | 'detail'>;

/** Opens a sampler; its clock begins now. */
export function createSampler(deps: SamplerDeps): Sampler {
  const { address, health, prober, observe, clock, signal } = deps;
  const begun = clock.now();

  const ask: Sampler['ask'] = async (path, { timeout, purpose = 'smoke' }) => {
    if (address === null) {
      throw new SlipwayError('RUNTIME_UNAVAILABLE', `The runtime gave no address to ask for ${path}, expected one.`);
    }
    const options = { timeout, signal, headers: probedFor(purpose) };
    const answer = await prober.probe(`${address}${path}`, options);
    if (answer.ended === 'answered') return answer;
    // The runtime listens there, not the release: it has to be there before silence counts, and a connection lost to
    // its being started again is asked for once more.
    await observe();
    return answer.ended === 'timed-out' ? answer : prober.probe(`${address}${path}`, options);
  };

  const take = async (kind: SampleKind): Promise<Sample> => {
    const at = clock.date();
    const start = clock.now();
    const answer = 'path' in health ? await ask(health.path, { timeout: health.timeout, purpose: 'health' }) : null;
    const { instance } = await observe();
    const alive = instance !== null && instance.state !== 'exited';
    const look = answer === null ? lookAtInstance(kind, health, instance) : lookAtAnswer(kind, answer, alive);
    return {
      at,
      after: Math.round(start - begun),
      kind,
      ...look,
      elapsed: answer?.elapsed ?? Math.round(clock.now() - start),
      instance: alive ? instance.id : null,
      restarts: instance?.restarts ?? null,
    };
  };

  return { take, ask };
}

/** Availability is that the release is there and answers at all; health is that it says it is well. */
function lookAtAnswer(kind: SampleKind, { status, detail, late }: ProbeAnswer, alive: boolean): Look {
  const available = alive && status !== null && !NOBODY_THERE.has(status);
  const well = status !== null && status >= 200 && status < 300;
  const good = kind === 'availability' ? available : well;
  return { outcome: good ? 'good' : late ? 'late' : 'bad', status, detail };
}

/** An agent has no address: it is available when it runs, and well when its heart beats or the runtime says so. */
function lookAtInstance(kind: SampleKind, health: Health, instance: InstanceObservation | null): Look {
  const seen = (outcome: SampleOutcome, detail: string): Look => ({ outcome, status: null, detail });
  if (instance === null || instance.state === 'exited') return seen('bad', 'no instance is running');
  if (kind === 'availability') return seen('good', `the instance is ${instance.state}`);
  if (!('heartbeat' in health)) {
    return seen(instance.state === 'ready' ? 'good' : 'bad', `the instance is ${instance.state}`);
  }
  const { heartbeatAge: age } = instance;
  if (age === null) return seen('bad', 'no heartbeat yet');
  const due = formatDuration(health.heartbeat);
  const beating = age <= health.heartbeat * HEARTBEAT_GRACE;
  return seen(beating ? 'good' : 'bad', `last heartbeat ${formatDuration(age)} ago, due every ${due}`);
}
