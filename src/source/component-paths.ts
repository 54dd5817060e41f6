import type { Manifest } from '../config/manifest.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { SourceComponent } from './component.ts';
import { joinPath, liesIn, unsafePath } from './safe-path.ts';

/**
 * Refuses a manifest whose paths leave the folder that they start from (§6): its output, its inputs, and every word of
 * a command, also after the `=` of an option. The sandbox would refuse them too; this says so before anything runs.
 * @throws UNSAFE_PATH
 */
export function refuseUnsafePaths({ file, manifest }: Pick<SourceComponent, 'file' | 'manifest'>): void {
  for (const [key, path] of writtenPaths(manifest)) {
    const found = unsafePath(path);
    if (found === null) continue;
    const message = `${file}  ${key}: found ${found}, ${JSON.stringify(path)}, expected one that stays in its folder; correct it`;
    throw new SlipwayError('UNSAFE_PATH', message);
  }
}

function writtenPaths({ build, run, health, smoke }: Manifest): [key: string, path: string][] {
  const commands: [string, readonly string[]][] = [
    ['build.command', build.command],
    ['run.command', run.command],
    ['health.command', 'command' in health ? health.command : []],
    ...smoke.map((test, index): [string, string[]] => [
      `smoke.${index}.command`,
      'command' in test ? test.command : [],
    ]),
  ];
  return [
    ['build.output', build.output],
    ...build.inputs.map((input, index): [string, string] => [`build.inputs.${index}`, input]),
    ...commands.flatMap(([key, words]) =>
      words.map((word, index): [string, string] => [`${key}.${index}`, word.replace(/^-[^=]*=/, '')]),
    ),
  ];
}

/**
 * Refuses a component that overlaps a folder where components keep their state: what lies there is not the pipeline's
 * (§3). That is its folder, its output, what its inputs name, and every file that belongs to it.
 * @param instances those folders, from the repository's root
 * @param files paths of the component's files
 * @throws INSTANCE_PATH_OVERLAP
 */
export function refuseInstancePaths(
  { folder, file, manifest }: SourceComponent,
  instances: readonly string[],
  files: readonly string[],
): void {
  const claimed: [what: string, path: string][] = [
    ['the component', folder],
    ['build.output', joinPath(folder, manifest.build.output)],
    ...manifest.build.inputs.map((input): [string, string] => ['build.inputs', joinPath('', input)]),
    ...files.map((path): [string, string] => ['a file of the component', path]),
  ];
  for (const [what, path] of claimed) {
    const instance = instances.find((each) => liesIn(path, each));
    if (instance === undefined) continue;
    throw new SlipwayError(
      'INSTANCE_PATH_OVERLAP',
      `${file}: found ${what} at ${JSON.stringify(path)}, in ${JSON.stringify(instance || '.')} where components keep ` +
        'their state, expected a place outside; move it',
    );
  }
}
