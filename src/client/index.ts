/** The typed client: start deployments, follow them, and act on them. */
export { createSlipway, type NewOrder, type Slipway } from './slipway.ts';
export type { FollowOptions } from './follow.ts';
export { EXIT_OF_RESULT, RESULTS, type DeploymentRecord, type Result } from '../contract/record.ts';
export { FAILURES, SlipwayError, type FailureCode } from '../contract/failure.ts';
export { STAGES, type Stage } from '../contract/stages.ts';
export type { LaneState, Submission } from '../contract/lane.ts';
export { connect } from '../temporal/connection.ts';
