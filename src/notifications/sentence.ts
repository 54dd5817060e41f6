import type { NotifiedEvent } from '../contract/event.ts';

/** What happened, as one sentence for people: target first, since that is what a telephone shows. */
export function sentenceOf(event: NotifiedEvent): string {
  const { failure, target } = event;
  const why = failure === null ? '' : `: ${failure.code} ${failure.message}`;
  return `${target} ${happened(event)}${why}`;
}

function happened({ kind, change, deploymentId, release, from, result }: NotifiedEvent): string {
  const version = release?.version ?? 'what was to be deployed';
  const before = from?.version ?? 'the version before';
  const deployment = change === null ? deploymentId : `${deploymentId}, ${change}`;
  switch (kind) {
    case 'deployed':
      return `has its first release, ${version} (${deployment})`;
    case 'upgraded':
      return `was upgraded from ${before} to ${version} (${deployment})`;
    case 'rolledback':
      if (result === 'completed') return `was rolled back from ${before} to ${version}, as was asked (${deployment})`;
      return `was rolled back from ${version} to ${before} (${deployment})`;
    case 'removed':
      return `was taken out of service: there is no release before ${version} (${deployment})`;
    case 'rejected':
      return `takes no such change (${deployment})`;
    case 'failed':
      return `was not changed, the deployment failed (${deployment})`;
    case 'aborted':
      return `was not changed, the deployment was aborted (${deployment})`;
    case 'rollback-breached':
      return `is not back in time: the rollback from ${version} to ${before} is past its bound (${deployment})`;
    case 'rollback-failed':
      return `could not be rolled back from ${version} to ${before}: nobody knows what is live (${deployment})`;
    case 'degraded':
      return `got worse after ${version} had completed (${deployment})`;
  }
}
