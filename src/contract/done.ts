import type { Stage } from './stages.ts';
import type { WayBack } from './way-back.ts';

/**
 * What the rules of the Definition of Done are about (§11): the facts of one deployment as it stands before Completion.
 * Published: rules in people's platform files name these fields, so they are added to and never renamed. Plain JSON.
 */
export interface DoneInput {
  readonly deployment: {
    /** `<environment>/<component>/<n>`. */
    readonly id: string;
    /** `<environment>/<component>`. */
    readonly target: string;
    readonly environment: string;
    readonly component: string;
    readonly change: {
      readonly id: string;
      readonly summary: string;
      readonly reason: string;
      readonly requestedBy: string;
      /** Ids of every change that it carries. */
      readonly carries: readonly string[];
    };
    /** The commit, 40 hexadecimal digits. */
    readonly revision: string;
    readonly version: string;
    readonly digest: string;
    /** The version before; empty for a first deployment. */
    readonly from: string;
  };
  /** The six before completion, in the order in which they began. */
  readonly stages: readonly {
    readonly stage: Stage;
    readonly result: 'passed' | 'failed' | 'aborted';
    readonly seconds: number;
  }[];
  readonly soak: {
    readonly held: boolean;
    readonly seconds: number;
    readonly samples: number;
    /** Answers of the new version through the stable address while it was watched. */
    readonly answers: number;
    /** Those of them that were errors. */
    readonly errors: number;
  };
  /** The smoke tests against the live release. */
  readonly smoke: readonly { readonly name: string; readonly passed: boolean }[];
  /** As its manifest says; owner and runbook are empty where it names none. */
  readonly component: { readonly kind: string; readonly owner: string; readonly runbook: string };
  /** The last value of each Prometheus query of the platform file, by name; without those that gave no number. */
  readonly metrics: Readonly<Record<string, number>>;
  /** `proved` before Deploy, `first` where nothing was live, `none` as its change declares, `unproved` for a rollback (§13). */
  readonly wayBack: WayBack['state'];
}

/** How a rule sees a type of {@link DoneInput}. `{ '*': … }` is a map from text, `[…]` a list. */
export type FieldOf<T> = T extends boolean
  ? 'bool'
  : T extends string
    ? 'string'
    : T extends number
      ? 'int' | 'double'
      : T extends readonly (infer Entry)[]
        ? readonly [FieldOf<Entry>]
        : string extends keyof T
          ? { readonly '*': FieldOf<T[keyof T]> }
          : { readonly [K in keyof T]: FieldOf<T[K]> };

/** {@link DoneInput} as CEL declares it: every field of the one stands in the other, or this does not compile. */
export const DONE_FIELDS = {
  deployment: {
    id: 'string',
    target: 'string',
    environment: 'string',
    component: 'string',
    change: { id: 'string', summary: 'string', reason: 'string', requestedBy: 'string', carries: ['string'] },
    revision: 'string',
    version: 'string',
    digest: 'string',
    from: 'string',
  },
  stages: [{ stage: 'string', result: 'string', seconds: 'double' }],
  soak: { held: 'bool', seconds: 'double', samples: 'int', answers: 'int', errors: 'int' },
  smoke: [{ name: 'string', passed: 'bool' }],
  component: { kind: 'string', owner: 'string', runbook: 'string' },
  metrics: { '*': 'double' },
  wayBack: 'string',
} as const satisfies FieldOf<DoneInput>;

/** What one rule came to. Whatever could not be judged does not hold. */
export interface DoneVerdict {
  /** The rule's name. */
  readonly name: string;
  /** Whether the contract demands it, or else the platform file. */
  readonly builtIn: boolean;
  readonly holds: boolean;
  /** Null exactly when it holds; else what was found, and what to do where the rule says so. */
  readonly message: string | null;
}
