import { openSandbox, type SandboxDeps } from '../build/sandbox.ts';
import { SlipwayError } from '../contract/failure.ts';

/** Null where a sandbox works here; else why none does: the demo then goes on without, and says so. */
export async function whyNoSandbox(deps?: SandboxDeps): Promise<string | null> {
  try {
    await openSandbox('auto', deps);
    return null;
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'SANDBOX_UNAVAILABLE') return error.message;
    throw error;
  }
}
