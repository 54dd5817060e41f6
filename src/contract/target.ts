/**
 * Names and ids. Environment and component names are `[a-z][a-z0-9-]{0,39}`, so that they are safe in workflow ids,
 * in OCI tags, in task queues and in paths without quoting.
 */
export const NAME = /^[a-z][a-z0-9-]{0,39}$/;

/** One component in one environment. */
export interface Target {
  readonly environment: string;
  readonly component: string;
}

/** `environment/component` */
export function formatTarget(target: Target): string {
  return `${target.environment}/${target.component}`;
}

/** Reads `environment/component`; null when it is anything else. */
export function parseTarget(text: string): Target | null {
  const [environment, component, ...rest] = text.split('/');
  if (environment === undefined || component === undefined || rest.length > 0) return null;
  return NAME.test(environment) && NAME.test(component) ? { environment, component } : null;
}

/** `environment/component/n`: the n-th deployment of a target. */
export function formatDeploymentId(target: Target, n: number): string {
  return `${formatTarget(target)}/${n}`;
}

/** Reads `environment/component/n`; null when it is anything else. */
export function parseDeploymentId(id: string): (Target & { readonly n: number }) | null {
  const match = /^(.+)\/([1-9][0-9]{0,8})$/.exec(id);
  const target = match?.[1] === undefined ? null : parseTarget(match[1]);
  return target === null ? null : { ...target, n: Number(match?.[2]) };
}

/** Workflow id of a target's lane. */
export function laneWorkflowId(target: Target): string {
  return `target:${target.environment}:${target.component}`;
}

/** Workflow id of a target's n-th deployment; never used twice. */
export function deploymentWorkflowId(target: Target, n: number): string {
  return `deployment:${target.environment}:${target.component}:${n}`;
}
