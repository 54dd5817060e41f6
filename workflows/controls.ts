import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
} from '@temporalio/workflow';
import { whyNoPerson, type Person } from '../src/contract/acts.ts';
import { MESSAGES } from '../src/contract/messages.ts';
import type { DeploymentRecord, RecordedFailure } from '../src/contract/record.ts';
import type { Stage } from '../src/contract/stages.ts';

const status = defineQuery<DeploymentRecord>(MESSAGES.status);
const abort = defineUpdate<DeploymentRecord, [Person]>(MESSAGES.abort);
const abortSignal = defineSignal<[Person]>(MESSAGES.abort);
const takeover = defineUpdate<DeploymentRecord, [Person]>(MESSAGES.takeover);
const takeoverSignal = defineSignal<[Person]>(MESSAGES.takeover);

export interface Controlled {
  readonly record: () => DeploymentRecord;
  readonly abort: () => void;
  readonly changed: () => void;
}

export type Controls = ReturnType<typeof openControls>;

/** What people may ask of a running deployment: its status, to abort it, and to take over a rollback that goes wrong. */
export function openControls({ record, abort: cancelStages, changed }: Controlled) {
  const notes: string[] = [];
  let aborted: Person | null = null;
  let takenOver: Person | null = null;
  let isRestoring = false;

  const whyNoAbort = (person: unknown): string | null => {
    const { result, failure, stages } = record();
    if (result !== null) return `it has ended already: ${result}`;
    if (failure !== null) return `it is on its way back already (${failure.code} in ${stages.at(-1)?.stage})`;
    return whyNoPerson(person);
  };
  const whyNoTakeover = (person: unknown): string | null => {
    const { result, failure } = record();
    if (result !== null) return `it has ended already: ${result}`;
    if (!isRestoring)
      return `only a rollback can be taken over${failure === null ? '; abort it first' : ', and there is none'}`;
    return whyNoPerson(person);
  };
  const doAbort = (person: Person): void => {
    aborted = person;
    cancelStages();
  };
  const doTakeover = (person: Person): void => {
    takenOver = person;
  };

  setHandler(status, record, { description: 'The record of this deployment; its result is null while it runs' });
  setHandler(abort, asUpdate(doAbort), {
    validator: refusing(whyNoAbort),
    description: 'Stops this deployment and restores the runtime if it had changed: { "by": who, "reason": why }',
  });
  setHandler(abortSignal, asSignal('abort', whyNoAbort, doAbort), {
    description: 'As the update abort: { "by": who, "reason": why }; a refusal is shown in the current details',
  });
  setHandler(takeover, asUpdate(doTakeover), {
    validator: refusing(whyNoTakeover),
    description: 'A person takes over a rollback, which ends as rollback-failed: { "by": who, "reason": why }',
  });
  setHandler(takeoverSignal, asSignal('takeover', whyNoTakeover, doTakeover), {
    description: 'As the update takeover: { "by": who, "reason": why }; a refusal is shown in the current details',
  });

  /** Does what was asked and answers with the record, once the deployment has ended. */
  function asUpdate(act: (person: Person) => void) {
    return async (person: Person): Promise<DeploymentRecord> => {
      act(person);
      await CancellationScope.nonCancellable(() => condition(() => record().result !== null));
      return record();
    };
  }

  /** The twin for the Temporal UI: it never throws, since that would fail the whole workflow. */
  function asSignal(name: string, why: (person: unknown) => string | null, act: (person: Person) => void) {
    return (person: Person): void => {
      const refusal = why(person);
      if (refusal === null) act(person);
      else note(`${name} refused: ${refusal}`);
    };
  }

  function note(text: string): void {
    notes.push(text);
    if (notes.length > 20) notes.shift();
    changed();
  }

  return {
    note,
    notes: (): readonly string[] => notes,
    takenOver: (): Person | null => takenOver,
    setRestoring(now: boolean): void {
      isRestoring = now;
    },
    /** The failure that an abort is; a cancellation from the UI names nobody. */
    abortion(stage: Stage | null): RecordedFailure {
      const { by, reason } = aborted ?? { by: 'unknown', reason: 'cancelled in Temporal' };
      return { code: 'ABORTED', clause: null, stage, message: `aborted by ${by}: ${reason}` };
    },
  };
}

function refusing(why: (argument: unknown) => string | null) {
  return (argument: unknown): void => {
    const refusal = why(argument);
    if (refusal !== null)
      throw ApplicationFailure.create({ type: 'ACT_REFUSED', message: refusal, nonRetryable: true });
  };
}
