/**
 * Everything that can go wrong, as one closed list. A code says whose fault it is, and the clause of the contract it
 * breaks, where it breaks one; the message of each occurrence says what was found, what was expected and what to do.
 *
 * `fault` decides what happens next:
 * - `caller`   refused before anything began: exit 2, no deployment number is spent;
 * - `change`   the change is at fault: never retried;
 * - `platform` our side or the network: retried by Temporal until its bound, never evidence against the change;
 * - `person`   somebody said so.
 */
export const FAILURES = {
  USAGE: { fault: 'caller', clause: null },
  FILE_INVALID: { fault: 'caller', clause: null },
  UNKNOWN_ENVIRONMENT: { fault: 'caller', clause: null },
  UNKNOWN_COMPONENT: { fault: 'caller', clause: '§5' },
  UNKNOWN_SOURCE: { fault: 'caller', clause: '§5' },
  UNKNOWN_REVISION: { fault: 'caller', clause: '§5' },
  AMBIGUOUS_REVISION: { fault: 'caller', clause: '§5' },
  UNSAFE_SOURCE: { fault: 'caller', clause: '§5' },
  UNKNOWN_DEPLOYMENT: { fault: 'caller', clause: null },
  REQUEST_ID_REUSED: { fault: 'caller', clause: null },
  ACT_REFUSED: { fault: 'caller', clause: null },
  ALREADY_UP: { fault: 'caller', clause: null },
  GIT_MISSING: { fault: 'caller', clause: null },
  SERVER_MISSING: { fault: 'caller', clause: null },

  REVISION_NOT_ON_BRANCH: { fault: 'change', clause: '§5' },
  MANIFEST_INVALID: { fault: 'change', clause: '§5' },
  DUPLICATE_COMPONENT: { fault: 'change', clause: '§5' },
  CHANGE_DOCUMENT_MISSING: { fault: 'change', clause: '§5' },
  CHANGE_DOCUMENT_INVALID: { fault: 'change', clause: '§5' },
  CHANGE_DOCUMENT_WRONG_ID: { fault: 'change', clause: '§5' },
  CHANGE_NOT_CARRIED: { fault: 'change', clause: '§5' },
  COMPONENT_NOT_IN_CHANGE: { fault: 'change', clause: '§5' },
  UNDOCUMENTED_CHANGE: { fault: 'change', clause: '§5' },
  SCOPE_EXCEEDED: { fault: 'change', clause: '§5' },
  UNSAFE_PATH: { fault: 'change', clause: '§6' },
  INSTANCE_PATH_OVERLAP: { fault: 'change', clause: '§3' },
  OLDER_THAN_LIVE: { fault: 'change', clause: '§2' },
  UNKNOWN_RUNTIME_STATE: { fault: 'change', clause: '§2' },
  NO_RELEASE_TO_RETURN_TO: { fault: 'change', clause: '§13' },

  BUILD_FAILED: { fault: 'change', clause: '§6' },
  BUILD_TIMED_OUT: { fault: 'change', clause: '§6' },
  BUILD_OUTPUT_TOO_LARGE: { fault: 'change', clause: '§6' },
  BUILD_OUTPUT_UNSAFE: { fault: 'change', clause: '§6' },
  BUILD_OUTPUT_MISSING: { fault: 'change', clause: '§6' },
  NOT_REPRODUCIBLE: { fault: 'change', clause: '§6' },
  VERSION_CONFLICT: { fault: 'change', clause: '§6' },
  SANDBOX_UNAVAILABLE: { fault: 'change', clause: '§6' },
  SANDBOX_TOO_WEAK: { fault: 'change', clause: '§6' },
  DEPENDENCIES_INVALID: { fault: 'change', clause: '§6' },
  BASE_INVALID: { fault: 'change', clause: '§6' },
  QUARANTINED: { fault: 'change', clause: '§12' },
  ARTIFACT_CORRUPT: { fault: 'change', clause: '§6' },
  VERIFICATION_FAILED: { fault: 'change', clause: '§7' },
  VERIFICATION_INCONCLUSIVE: { fault: 'change', clause: '§7' },

  UNTRUSTED_EVIDENCE: { fault: 'change', clause: '§15' },
  EVIDENCE_REUSED: { fault: 'change', clause: '§15' },
  STALE_GENERATION: { fault: 'change', clause: '§2' },
  PORT_TAKEN: { fault: 'change', clause: '§9' },
  INSTANCE_DIED: { fault: 'change', clause: '§9' },
  INSTANCE_NEVER_READY: { fault: 'change', clause: '§9' },
  ADDRESS_UNRESOLVED: { fault: 'change', clause: '§9' },
  SECRET_MISSING: { fault: 'change', clause: '§9' },
  UNAVAILABLE: { fault: 'change', clause: '§10' },
  HEALTH_FAILED: { fault: 'change', clause: '§10' },
  SMOKE_FAILED: { fault: 'change', clause: '§10' },
  HEALTH_DEGRADED: { fault: 'change', clause: '§10' },
  ROLLBACK_NOT_READY: { fault: 'change', clause: '§13' },
  DATA_INCOMPATIBLE: { fault: 'change', clause: '§13' },
  DEFINITION_OF_DONE_VIOLATED: { fault: 'change', clause: '§11' },
  DEPLOYMENT_TERMINATED: { fault: 'person', clause: '§11' },
  ABORTED: { fault: 'person', clause: null },

  STORE_UNAVAILABLE: { fault: 'platform', clause: null },
  STORE_REFUSED: { fault: 'platform', clause: null },
  DEPENDENCIES_UNAVAILABLE: { fault: 'platform', clause: null },
  BASE_UNAVAILABLE: { fault: 'platform', clause: null },
  KEY_UNAVAILABLE: { fault: 'platform', clause: null },
  SOURCE_UNAVAILABLE: { fault: 'platform', clause: null },
  RUNTIME_UNAVAILABLE: { fault: 'platform', clause: null },
  TEMPORAL_UNAVAILABLE: { fault: 'platform', clause: null },
  SECRET_UNAVAILABLE: { fault: 'platform', clause: null },
  RECEIVER_REFUSED: { fault: 'platform', clause: null },
  RECEIVER_UNAVAILABLE: { fault: 'platform', clause: null },
  NO_WORKER: { fault: 'platform', clause: null },
  INTERNAL: { fault: 'platform', clause: null },
} as const satisfies Record<string, { fault: Fault; clause: Clause | null }>;

export type Fault = 'caller' | 'change' | 'platform' | 'person';

/** A clause of the contract, `§2` to `§18`. @pattern ^§[0-9]+$ */
export type Clause = `§${number}`;

export type FailureCode = keyof typeof FAILURES;

export function isFailureCode(code: unknown): code is FailureCode {
  return typeof code === 'string' && Object.hasOwn(FAILURES, code);
}

/** An error that somebody can act on. Thrown by everything in `src/`; activities turn it into an ApplicationFailure. */
export class SlipwayError extends Error {
  readonly code: FailureCode;
  readonly clause: Clause | null;
  readonly fault: Fault;

  constructor(code: FailureCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'SlipwayError';
    this.code = code;
    this.clause = FAILURES[code].clause;
    this.fault = FAILURES[code].fault;
  }
}

/** The code of any thrown thing: its own, or INTERNAL. */
export function codeOf(error: unknown): FailureCode {
  return error instanceof SlipwayError ? error.code : 'INTERNAL';
}
