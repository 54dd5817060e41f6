/** The typed client: start deployments, follow them, and act on them. */
export { createSlipway, type NewOrder, type Slipway } from './slipway.ts';
export type { FollowOptions } from './follow.ts';
export type { Person } from '../contract/acts.ts';
export type { Digest } from '../contract/digest.ts';
export { FAILURES, SlipwayError, type Clause, type FailureCode } from '../contract/failure.ts';
export type { LaneState, Submission } from '../contract/lane.ts';
export type { QueueAbort } from '../contract/messages.ts';
export type { DeployOrder, RollbackOrder } from '../contract/order.ts';
export { EXIT_OF_RESULT, RESULTS, type DeploymentRecord, type Result } from '../contract/record.ts';
export { STAGES, type Stage } from '../contract/stages.ts';
export { openSlipway, type OpenSlipway } from './open.ts';
export { connect } from '../temporal/connection.ts';
export type { TemporalLocation } from '../temporal/location.ts';
