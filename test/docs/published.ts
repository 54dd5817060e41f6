import { join } from 'node:path';
import { evidenceType } from '../../src/contract/slsa.ts';
import { PREDICATE } from '../../src/records/document-types.ts';
import { ROOT } from './fences.ts';

/** Where the schemas are published, in the repository. */
export const FOLDER = join(ROOT, 'docs/schemas');

/** A published form: its file, the predicate type that it is of (`$id`), and its type in `predicates.ts`. */
interface Published {
  readonly file: string;
  readonly id: string;
  readonly type: string;
}

/** Under which `$id` the findings of Build are, which are no predicate of their own. */
export const BUILD_FIELD = 'https://slipway.dev/slipway_build/v1';

export const PUBLISHED: readonly Published[] = [
  { file: 'evidence-change-intake.json', id: evidenceType('change-intake'), type: 'ChangeIntake' },
  { file: 'evidence-build.json', id: evidenceType('build'), type: 'Build' },
  { file: 'evidence-verification.json', id: evidenceType('verification'), type: 'Verification' },
  { file: 'evidence-release.json', id: evidenceType('release'), type: 'Release' },
  { file: 'evidence-deploy.json', id: evidenceType('deploy'), type: 'Deploy' },
  {
    file: 'evidence-post-deploy-verification.json',
    id: evidenceType('post-deploy-verification'),
    type: 'PostDeployVerification',
  },
  { file: 'evidence-completion.json', id: evidenceType('completion'), type: 'Completion' },
  { file: 'slipway_build.json', id: BUILD_FIELD, type: 'BuildProvenance' },
  { file: 'record.json', id: PREDICATE.record, type: 'Record' },
  { file: 'restoration.json', id: PREDICATE.intent, type: 'Restoration' },
  { file: 'act.json', id: PREDICATE.act, type: 'SealedAct' },
  { file: 'watch.json', id: PREDICATE.watch, type: 'Watch' },
];
