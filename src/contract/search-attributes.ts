import { defineSearchAttributeKey, SearchAttributeType, type SearchAttributePair } from '@temporalio/common';
import type { DeploymentRecord } from './record.ts';

/** What operators can filter by in the Temporal UI; all of type Keyword (PostgreSQL visibility has ten of them). */
export const SEARCH_ATTRIBUTES = {
  /** `environment/component` */
  target: defineSearchAttributeKey('SlipwayTarget', SearchAttributeType.KEYWORD),
  /** `environment/component/n` */
  deployment: defineSearchAttributeKey('SlipwayDeployment', SearchAttributeType.KEYWORD),
  change: defineSearchAttributeKey('SlipwayChange', SearchAttributeType.KEYWORD),
  /** Full hash. */
  revision: defineSearchAttributeKey('SlipwayRevision', SearchAttributeType.KEYWORD),
  /** Digest, once it is built. */
  artifact: defineSearchAttributeKey('SlipwayArtifact', SearchAttributeType.KEYWORD),
  /** The stage that began last. */
  stage: defineSearchAttributeKey('SlipwayStage', SearchAttributeType.KEYWORD),
  /** One of the results, once it has ended; `ROLLBACK_BREACHED` while a rollback is late. */
  result: defineSearchAttributeKey('SlipwayResult', SearchAttributeType.KEYWORD),
} as const;

/** The attributes that begin with a deployment. */
export function openingAttributes(record: DeploymentRecord): SearchAttributePair[] {
  const pairs: SearchAttributePair[] = [
    { key: SEARCH_ATTRIBUTES.target, value: record.target },
    { key: SEARCH_ATTRIBUTES.change, value: record.change.id },
    { key: SEARCH_ATTRIBUTES.stage, value: 'change-intake' },
  ];
  if (record.deploymentId !== null) pairs.push({ key: SEARCH_ATTRIBUTES.deployment, value: record.deploymentId });
  if (record.source !== null) pairs.push({ key: SEARCH_ATTRIBUTES.revision, value: record.source.revision });
  return pairs;
}

/** Those that the newest step of a record has changed: no more, since each upsert is an event. */
export function changedAttributes(record: DeploymentRecord): SearchAttributePair[] {
  const stage = record.stages.at(-1)?.stage ?? 'change-intake';
  if (record.result !== null) return [{ key: SEARCH_ATTRIBUTES.result, value: record.result }];
  const pairs: SearchAttributePair[] = [{ key: SEARCH_ATTRIBUTES.stage, value: stage }];
  if (stage === 'build') {
    pairs.push({ key: SEARCH_ATTRIBUTES.change, value: record.change.id });
    if (record.source !== null) pairs.push({ key: SEARCH_ATTRIBUTES.revision, value: record.source.revision });
  }
  if (stage === 'verification' && record.artifact !== null) {
    pairs.push({ key: SEARCH_ATTRIBUTES.artifact, value: record.artifact.digest });
  }
  return pairs;
}
