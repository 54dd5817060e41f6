import { formatTarget } from '../../contract/target.ts';
import type { TargetContext } from './context.ts';
import { openInstanceFolder } from './instance-folder.ts';
import type { InstanceSpec } from './launch.ts';
import { findInstancePort } from './ports.ts';
import { instanceSecrets } from './secrets.ts';
import type { UnpackedArtifact } from './unpacked.ts';

/**
 * What an instance of this artifact is made of, here. Its secrets are read only when one is started.
 * @param port that of an instance which is there; left out, a free one is found for a new instance.
 * @throws ADDRESS_UNRESOLVED, INSTANCE_PATH_OVERLAP
 */
export async function specOf(
  context: Pick<TargetContext, 'target' | 'addresses' | 'secrets' | 'instancesFolder' | 'folder'>,
  artifact: UnpackedArtifact,
  port?: number | null,
): Promise<InstanceSpec> {
  const { target, addresses } = context;
  const { kind, run } = artifact.manifest;
  const environment: Record<string, string> = {};
  for (const [key, value] of Object.entries(run.env)) {
    if (typeof value === 'string') {
      environment[key] = value;
    } else if ('address' in value) {
      const other = formatTarget({ environment: target.environment, component: value.address });
      environment[key] = await addresses.resolve(other);
    }
  }
  const instanceFolder = await openInstanceFolder(context.instancesFolder, target, context.folder);
  const given = kind === 'agent' ? null : port;
  return {
    target,
    artifact,
    instanceFolder,
    environment,
    secrets: instanceSecrets(context.secrets, target.environment, artifact.manifest),
    port: given === undefined ? await findInstancePort() : given,
  };
}
