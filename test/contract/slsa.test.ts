import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/artifacts/canonical.ts';
import type { Statement, Subject } from '../../src/contract/envelope.ts';
import type { BuildFindings, BuildOrigin, StagePredicate, Summary } from '../../src/contract/evidence.ts';
import { baseUri, imageUri, sourceUri } from '../../src/contract/resource-uri.ts';
import {
  buildIn,
  evidenceType,
  levelOf,
  provenanceStatement,
  SLSA,
  stageIn,
  statementOf,
} from '../../src/contract/slsa.ts';
import { STAGES, type Stage } from '../../src/contract/stages.ts';
import { faultsOfForm } from '../docs/forms.ts';

const isSame = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);
const digest = (digit: string): `sha256:${string}` => `sha256:${digit.repeat(64)}`;

const SUBJECT: Subject = { name: 'storefront', digest: { sha256: 'a'.repeat(64) } };
const RELEASE = { version: '20261123.4f0c1d2e3a4b.aaaaaaaa', digest: digest('a') };
const ORIGIN: BuildOrigin = {
  deploymentId: 'staging/storefront/7',
  startedAt: '2026-11-23T09:00:00.000Z',
  finishedAt: '2026-11-23T09:00:07.250Z',
  source: { repository: 'shop', revision: '4f0c1d2e3a4b5c6d7e8f90123456789abcdef012', folder: 'storefront' },
  dependencies: {
    manager: 'npm 10.8.2',
    lock: { path: 'storefront/package-lock.json', digest: digest('b') },
    packages: 12,
  },
  base: { reference: `registry.example:5000/team/node:22@${digest('c')}`, digest: digest('c') },
  sbom: digest('d'),
};
const BUILT: BuildFindings = {
  release: RELEASE,
  adopted: false,
  definition: digest('e'),
  sandbox: 'bwrap',
  builds: [digest('f'), digest('f')],
  origin: ORIGIN,
};
const SUMMARY: Summary = { platform: digest('1'), level: 'SLSA_BUILD_LEVEL_2', inputs: [digest('2'), digest('3')] };
const VERIFIED = { artifact: RELEASE.digest, verdict: 'pass', findings: [], sandbox: 'bwrap', summary: SUMMARY };

/** Of the stage that the given findings are of; passed, unless they say otherwise. */
function evidenceOf<S extends Stage>(stage: S, findings: unknown, more: Partial<StagePredicate<S>> = {}) {
  return {
    stage,
    deploymentId: 'staging/storefront/7',
    target: 'staging/storefront',
    previous: digest('3'),
    result: 'passed',
    failure: null,
    startedAt: '2026-11-23T09:00:00.000Z',
    finishedAt: '2026-11-23T09:00:08.000Z',
    findings,
    ...more,
  } as StagePredicate<S>;
}

const PROVENANCE = statementOf(evidenceOf('build', BUILT), [SUBJECT]);
const VERIFICATION = statementOf(evidenceOf('verification', VERIFIED), [SUBJECT]);
const OWN_PROVENANCE = provenanceStatement(BUILT, ORIGIN, SUBJECT);
const FAILURE = { result: 'failed', failure: { code: 'BUILD_FAILED', clause: '§6', message: 'no' } } as const;

describe('a stage says to readers of SLSA', () => {
  test.each<[string, StagePredicate, readonly Subject[], string]>([
    ['how the artifact was built: a provenance', evidenceOf('build', BUILT), [SUBJECT], SLSA.provenance],
    ['what was verified: a summary', evidenceOf('verification', VERIFIED), [SUBJECT], SLSA.summary],
    ['what was released: a summary', evidenceOf('release', { summary: SUMMARY }), [SUBJECT], SLSA.summary],
    ['nothing of what is admitted', evidenceOf('change-intake', {}), [], evidenceType('change-intake')],
    ['nothing of what is live', evidenceOf('deploy', {}), [SUBJECT], evidenceType('deploy')],
    ['nothing of a build that failed', evidenceOf('build', null, FAILURE), [], evidenceType('build')],
    ['nothing where there is no artifact', evidenceOf('verification', VERIFIED), [], evidenceType('verification')],
    [
      'nothing of a build that names no origin',
      evidenceOf('build', without(BUILT, 'origin')),
      [SUBJECT],
      evidenceType('build'),
    ],
    [
      'nothing of a verification by no policy',
      evidenceOf('verification', without(VERIFIED, 'summary')),
      [SUBJECT],
      evidenceType('verification'),
    ],
  ])('%s', (_, predicate, subject, type) => {
    const statement = statementOf(predicate, subject);
    expect(statement.predicateType).toBe(type);
    expect(stageIn(predicate.stage, statement, isSame)).toEqual(predicate);
  });

  test('that an artifact was refused, and no level of it', () => {
    const refused = evidenceOf('verification', { ...VERIFIED, verdict: 'fail' }, FAILURE);
    const { predicate } = statementOf(refused, [SUBJECT]);
    expect(predicate).toMatchObject({ verificationResult: 'FAILED', verifiedLevels: ['FAILED'] });
  });

  test('by which lock file it was described, whether anything was fetched by it or not', () => {
    const lock = { path: 'storefront/package-lock.json', digest: digest('b') };
    const named = { name: 'lock-file', uri: sourceUri('shop', lock.path), digest: { sha256: 'b'.repeat(64) } };
    const path = ['predicate', 'buildDefinition', 'resolvedDependencies'];
    const fetched = { ...named, annotations: { slipway_manager: 'npm 10.8.2', slipway_packages: 12 } };
    expect(at(PROVENANCE, path)).toContainEqual(fetched);
    expect(at(provenance({ lock }), path)).toContainEqual(fetched);
    expect(at(provenance({ dependencies: null, lock }), path)).toContainEqual(named);
    expect(JSON.stringify(provenance({ dependencies: null, lock: null }))).not.toContain('lock-file');
  });

  test('who did it by another name where another role signs, or the sandbox was another', () => {
    const release = statementOf(evidenceOf('release', { summary: SUMMARY }), [SUBJECT]);
    expect(at(release, ['predicate', 'verifier', 'id'])).not.toBe(at(VERIFICATION, ['predicate', 'verifier', 'id']));
    const builders = ['bwrap', 'unshare', 'none'].map((sandbox) =>
      at(statementOf(evidenceOf('build', { ...BUILT, sandbox }), [SUBJECT]), [
        'predicate',
        'runDetails',
        'builder',
        'id',
      ]),
    );
    expect(new Set(builders).size).toBe(3);
  });
});

describe('what is sealed is as in-toto and SLSA specify it', () => {
  const layout = { reference: `oci:bases/node@${digest('c')}`, digest: digest('c') };
  const odd = { path: 'a b/ü?#[1]/package-lock.json', digest: digest('b') };
  test.each<[string, Statement]>([
    ['a provenance', PROVENANCE],
    ['a provenance by itself', OWN_PROVENANCE],
    ['one without dependencies and base', provenance({ dependencies: null, base: null })],
    ['one that only names its lock file', provenance({ dependencies: null, lock: odd })],
    ['one on a base out of a layout', provenance({ base: layout })],
    ['one with a path that is no URI', provenance({ dependencies: { manager: 'npm 10', lock: odd, packages: 0 } })],
    ['a summary', VERIFICATION],
    ['a summary of a refusal', statementOf(evidenceOf('verification', VERIFIED, FAILURE), [SUBJECT])],
    ['a summary that names no evidence', summary({ inputs: [] })],
    ['a summary of the first level', summary({ level: 'SLSA_BUILD_LEVEL_1' })],
  ])('%s', (_, statement) => {
    expect(faultsOfForm(statement)).toEqual([]);
  });

  test.each([
    [sourceUri('shop'), 'urn:slipway:source:shop'],
    [sourceUri('shop', 'a b/#1?.json'), 'urn:slipway:source:shop:a%20b/%231%3F.json'],
    [imageUri('web', digest('a')), `pkg:oci/web@${digest('a')}`],
    [baseUri(`docker.io/library/node@${digest('c')}`, digest('c')), ofNode('docker.io%2Flibrary%2Fnode')],
    [baseUri(`localhost:5000/node:22@${digest('c')}`, digest('c')), ofNode('localhost%3A5000%2Fnode')],
    [baseUri(`oci:node@${digest('c')}`, digest('c')), `pkg:oci/node@${digest('c')}`],
    [baseUri('oci:bases/node/', digest('c')), `pkg:oci/node@${digest('c')}`],
  ])('%s', (found, expected) => {
    expect(found).toBe(expected);
  });
});

describe('a statement that says two things is read by nobody:', () => {
  const asStage = (stage: Stage) => (statement: Statement) => stageIn(stage, statement, isSame);
  const asBuild = (statement: Statement) => buildIn(statement, isSame);
  const read: readonly [string, Statement, (statement: Statement) => unknown][] = [
    ['a provenance', PROVENANCE, asStage('build')],
    ['a summary', VERIFICATION, asStage('verification')],
    ['a provenance by itself', OWN_PROVENANCE, asBuild],
  ];

  test.each(read)('%s in which any value is another', (_, statement, reading) => {
    expect(reading(statement)).not.toBeNull();
    const paths = fc.constantFrom(...pathsOf(statement));
    fc.assert(
      fc.property(paths, fc.jsonValue(), (path, value) => {
        fc.pre(!isSame(at(statement, path), value));
        expect(reading(withAt(statement, path, value) as Statement)).toBeNull();
      }),
    );
  });

  test.each(read)('%s in which any value is missing, or one is added', (_, statement, reading) => {
    for (const path of pathsOf(statement)) {
      expect([path, reading(withAt(statement, path, undefined) as Statement)]).toEqual([path, null]);
    }
    const more = { ...(statement.predicate as object), slipway_more: {} };
    expect(reading({ ...statement, predicate: more })).toBeNull();
  });

  test.each(read)('%s with anything at all in what it says beside is read, or is not', (_, statement, reading) => {
    const prefixes = leavesOf(statement, [])
      .flatMap((path) => path.map((_, length) => path.slice(0, length + 1)))
      .filter(isInside);
    fc.assert(
      fc.property(fc.constantFrom(...prefixes), fc.jsonValue(), (path, value) => {
        expect(() => reading(withAt(statement, path, value) as Statement)).not.toThrow();
      }),
    );
  });

  test.each(STAGES.filter((stage) => stage !== 'build'))('the evidence of build is none of %s', (stage) => {
    expect(stageIn(stage, PROVENANCE, isSame)).toBeNull();
  });

  test('neither is a provenance by itself the evidence of a stage, nor the other way round', () => {
    expect(stageIn('build', OWN_PROVENANCE, isSame)).toBeNull();
    expect(buildIn(PROVENANCE, isSame)).toBeNull();
  });
});

test('a build that names its origin, and is told as no provenance, is read by nobody', () => {
  const statement: Statement = {
    ...PROVENANCE,
    predicateType: evidenceType('build'),
    predicate: evidenceOf('build', BUILT),
  };
  expect(stageIn('build', statement, isSame)).toBeNull();
});

test.each([
  ['bwrap', 'SLSA_BUILD_LEVEL_2'],
  ['unshare', 'SLSA_BUILD_LEVEL_2'],
  ['none', 'SLSA_BUILD_LEVEL_1'],
  ['', 'SLSA_BUILD_LEVEL_1'],
  ['bwrap ', 'SLSA_BUILD_LEVEL_1'],
])('sandbox "%s" gives %s', (sandbox, level) => {
  expect(levelOf({ sandbox })).toBe(level);
});

function provenance(origin: Partial<BuildOrigin>): Statement {
  return statementOf(evidenceOf('build', { ...BUILT, origin: { ...ORIGIN, ...origin } }), [SUBJECT]);
}

function summary(more: Partial<Summary>): Statement {
  return statementOf(evidenceOf('verification', { ...VERIFIED, summary: { ...SUMMARY, ...more } }), [SUBJECT]);
}

function ofNode(repository: string): string {
  return `pkg:oci/node@${digest('c')}?repository_url=${repository}`;
}

function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = value;
  return rest;
}

type Path = readonly (string | number)[];

/** Whether a place is what Slipway says beside, or in it. */
function isInside(path: Path): boolean {
  return String(path[1]).startsWith('slipway_');
}

/**
 * The places of all values that are no objects or lists, but for what Slipway says beside. Which bytes a provenance is
 * about stands nowhere else in it: that is held against what was built by whoever reads it.
 */
function pathsOf(statement: Statement): readonly Path[] {
  const outside = leavesOf(statement, []).filter((path) => !isInside(path));
  return statement.predicateType === SLSA.provenance ? outside.filter(([first]) => first !== 'subject') : outside;
}

function leavesOf(value: unknown, path: Path): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value);
}

/** A copy in which the value at a place is another; `undefined` takes it away. */
function withAt(original: unknown, path: Path, value: unknown): unknown {
  const copy = structuredClone(original);
  const inner = at(copy, path.slice(0, -1)) as Record<string | number, unknown>;
  const last = path.at(-1) ?? '';
  if (value !== undefined) inner[last] = value;
  else if (Array.isArray(inner)) inner.splice(Number(last), 1);
  else delete inner[last];
  return copy;
}
