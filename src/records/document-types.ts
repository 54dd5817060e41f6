import { STATEMENT_TYPE, type Statement, type Subject } from '../contract/envelope.ts';

/** The kinds of documents that Slipway seals: their OCI artifact type, and the predicate type of their statement. */
export const DOCUMENT = {
  evidence: 'application/vnd.slipway.evidence.v1+json',
  provenance: 'application/vnd.slipway.provenance.v1+json',
  summary: 'application/vnd.slipway.summary.v1+json',
  record: 'application/vnd.slipway.record.v1+json',
  intent: 'application/vnd.slipway.restoration.v1+json',
  act: 'application/vnd.slipway.act.v1+json',
  watch: 'application/vnd.slipway.watch.v1+json',
  history: 'application/vnd.slipway.history.v1+json',
  platform: 'application/vnd.slipway.platform.v1+yaml',
} as const;

/** Predicate types of what is no stage's evidence; those are in `src/contract/slsa.ts`. */
export const PREDICATE = {
  record: 'https://slipway.dev/record/v1',
  intent: 'https://slipway.dev/restoration/v1',
  act: 'https://slipway.dev/act/v1',
  watch: 'https://slipway.dev/watch/v1',
} as const;

/** An in-toto statement of one of those kinds. */
export function stateThat<P>(predicateType: string, predicate: P, subject: readonly Subject[] = []): Statement<P> {
  return { _type: STATEMENT_TYPE, subject, predicateType, predicate };
}
