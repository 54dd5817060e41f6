/**
 * What keeps a component's code apart from this machine:
 * - `bwrap`, `unshare`: own files, processes, host name and network (loopback only); as root, an unprivileged user too;
 * - `none`: a folder and a process group of its own, and nothing else. It sees the machine and reaches the network.
 */
export type SandboxKind = 'bwrap' | 'unshare' | 'none';

/** From the weakest to the strongest. What is not on it, as in evidence that does not say, is weaker than all of them. */
export const STRENGTHS: readonly string[] = ['none', 'unshare', 'bwrap'] satisfies readonly SandboxKind[];

/** Whether what was built in `sandbox` was built in a weaker one than an environment asks for (§6). */
export function isTooWeak(sandbox: string, required: SandboxKind | null): boolean {
  return required !== null && STRENGTHS.indexOf(sandbox) < STRENGTHS.indexOf(required);
}
