import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { compiledFolder } from './installation.ts';

/** The bundle that every worker and every replay of this installation runs. */
export function workflowBundlePath(): string {
  return join(compiledFolder(), 'workflow-bundle.js');
}

/**
 * Bundles the compiled workflows, once, when Slipway is built: a worker that bundles them itself starts a second later,
 * and two workers might not run the same code.
 * @throws what webpack says, for instance about an import that no workflow may have.
 */
export async function bundleWorkflows(
  outFile: string = workflowBundlePath(),
  workflowsPath: string = join(compiledFolder(), 'workflows', 'index.js'),
): Promise<void> {
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  const temporary = `${outFile}.${process.pid}`;
  await writeFile(temporary, code);
  await rename(temporary, outFile);
}
