import type { SourceFile } from '../../source/repository.ts';
import { findLock } from '../dependencies/npm-locked.ts';
import { readNpmLock } from '../dependencies/npm-lock.ts';
import { describeArtifact, type SbomParts } from './document.ts';
import { packagesIn } from './npm-packages.ts';

export interface SbomRequest extends Omit<SbomParts, 'packages'> {
  /** The component's files at its revision, and the folder of the repository that it lies in. */
  readonly files: readonly SourceFile[];
  readonly folder: string;
}

/**
 * The SBOM of an artifact. A lock file in the component's folder counts also where nothing is fetched by it; one that
 * cannot be read, which no build with dependencies has, is left out.
 */
export function sbomOf({ files, folder, ...artifact }: SbomRequest): Buffer {
  const found = findLock({ files, folder });
  const lock = found === null ? null : readNpmLock(found.content);
  return describeArtifact({
    ...artifact,
    packages: lock === null || typeof lock === 'string' ? null : packagesIn(lock),
  });
}
