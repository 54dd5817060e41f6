import { hexOf, type Digest } from './digest.ts';
import { STATEMENT_TYPE, type Statement, type Subject } from './envelope.ts';
import type { BuildFindings, BuildOrigin, StagePredicate, Summary } from './evidence.ts';
import { baseUri, imageUri, sourceUri } from './resource-uri.ts';
import type { Stage } from './stages.ts';

/** in-toto predicate types that readers other than Slipway know (slsa.dev/spec/v1.1). */
export const SLSA = {
  provenance: 'https://slsa.dev/provenance/v1',
  summary: 'https://slsa.dev/verification_summary/v1',
} as const;

/** Of evidence that says what only Slipway says; its JSON Schema is in docs/schemas. */
export const evidenceType = (stage: Stage): string => `https://slipway.dev/evidence/${stage}/v1`;

const BUILD_TYPE = 'https://slipway.dev/build/v1';

/** A builder is named with its sandbox: by its id alone its level is told, and each level has an id of its own. */
const builderId = (sandbox: string): string => `https://slipway.dev/builder/v2/${encodeURIComponent(sandbox)}`;

/** Two verifiers, since two roles sign: whoever believes a verifier believes it with the key of its own role. */
const verifierId = (stage: Stage): string => `https://slipway.dev/verifier/v1/${stage}`;

/** Where a SLSA predicate holds what Slipway has to say beside: `<vendor>_<field>`, as SLSA has it for extensions. */
const STAGE = 'slipway_stage';
const BUILD = 'slipway_build';

/**
 * A stage's evidence as an in-toto statement. Build's is a SLSA provenance, those of verification and release are SLSA
 * verification summaries, wherever there is an artifact to speak of; the rest is Slipway's own. Pure.
 */
export function statementOf(predicate: StagePredicate, subject: readonly Subject[]): Statement {
  const { stage } = predicate;
  const [artifact] = subject;
  if (artifact !== undefined && isOf('build', predicate)) {
    const { findings } = predicate;
    const origin = findings?.origin;
    if (findings !== null && origin !== undefined) {
      return state(SLSA.provenance, { ...provenanceOf(findings, origin), [STAGE]: predicate }, subject);
    }
  }
  if (artifact !== undefined && (isOf('verification', predicate) || isOf('release', predicate))) {
    const { findings } = predicate;
    if (findings?.summary !== undefined) {
      const summary = summaryOf(predicate, artifact, findings.summary);
      return state(SLSA.summary, { ...summary, [STAGE]: predicate }, subject);
    }
  }
  return state(evidenceType(stage), predicate, subject);
}

/**
 * What a stage's evidence says; null when `statement` is not that of `stage`, or says one thing to Slipway and another to
 * readers of SLSA: it is written down again, and has to come out the same.
 */
export function stageIn<S extends Stage>(
  stage: S,
  statement: Statement,
  isSame: (a: unknown, b: unknown) => boolean,
): StagePredicate<S> | null {
  const { predicateType, predicate, subject } = statement;
  const said = (
    predicateType === evidenceType(stage) ? predicate : field(predicate, STAGE)
  ) as StagePredicate<S> | null;
  return said?.stage === stage && isRestated(() => statementOf(said, subject), statement, isSame) ? said : null;
}

/** The provenance of an artifact by itself, under which it is found and adopted later. */
export function provenanceStatement(findings: BuildFindings, origin: BuildOrigin, subject: Subject): Statement {
  return state(SLSA.provenance, { ...provenanceOf(findings, origin), [BUILD]: findings }, [subject]);
}

/** The findings of the Build that a provenance speaks of; null when it is none, or says two things. */
export function buildIn(statement: Statement, isSame: (a: unknown, b: unknown) => boolean): BuildFindings | null {
  const findings = field(statement.predicate, BUILD) as BuildFindings | null;
  const [subject] = statement.subject;
  if (!findings?.origin || subject === undefined) return null;
  const { origin } = findings;
  return isRestated(() => provenanceStatement(findings, origin, subject), statement, isSame) ? findings : null;
}

/** The build track's level (slsa.dev/spec/v1.1/levels): 2 is a signed provenance of a build apart from its machine. */
export function levelOf({ sandbox }: Pick<BuildFindings, 'sandbox'>): Summary['level'] {
  return sandbox === 'bwrap' || sandbox === 'unshare' ? 'SLSA_BUILD_LEVEL_2' : 'SLSA_BUILD_LEVEL_1';
}

/** What cannot even be written down again, for it lacks what it has to hold, is not the same. */
function isRestated(
  restate: () => Statement,
  statement: Statement,
  isSame: (a: unknown, b: unknown) => boolean,
): boolean {
  try {
    return isSame(restate(), statement);
  } catch {
    return false;
  }
}

function isOf<S extends Stage>(stage: S, predicate: StagePredicate): predicate is StagePredicate<S> {
  return predicate.stage === stage;
}

function state(predicateType: string, predicate: unknown, subject: readonly Subject[]): Statement {
  return { _type: STATEMENT_TYPE, subject, predicateType, predicate };
}

/** slsa.dev/spec/v1.1/provenance: by whom it was built, how, and out of what. */
function provenanceOf({ definition, sandbox, builds }: BuildFindings, origin: BuildOrigin): object {
  const { source, dependencies, base, sbom } = origin;
  const lock = dependencies?.lock ?? origin.lock ?? null;
  return {
    buildDefinition: {
      buildType: BUILD_TYPE,
      externalParameters: { repository: source.repository, revision: source.revision, folder: source.folder },
      internalParameters: { definition, sandbox },
      resolvedDependencies: [
        { name: 'source', uri: sourceUri(source.repository), digest: { gitCommit: source.revision } },
        ...(lock === null
          ? []
          : [
              {
                name: 'lock-file',
                uri: sourceUri(source.repository, lock.path),
                digest: sha256(lock.digest),
                ...(dependencies !== null && {
                  annotations: { slipway_manager: dependencies.manager, slipway_packages: dependencies.packages },
                }),
              },
            ]),
        ...(base === null
          ? []
          : [{ name: 'base-image', uri: baseUri(base.reference, base.digest), digest: sha256(base.digest) }]),
      ],
    },
    runDetails: {
      builder: { id: builderId(sandbox) },
      metadata: {
        invocationId: origin.deploymentId,
        startedOn: origin.startedAt,
        finishedOn: origin.finishedAt,
      },
      byproducts: [
        { name: 'first-output', digest: sha256(builds[0]) },
        { name: 'second-output', digest: sha256(builds[1]) },
        { name: 'sbom', digest: sha256(sbom), mediaType: 'application/vnd.cyclonedx+json' },
      ],
    },
  };
}

/** slsa.dev/spec/v1.1/verification_summary: by what policy an artifact was judged, and how. */
function summaryOf(
  { stage, result, finishedAt }: StagePredicate,
  { name, digest }: Subject,
  { platform, level, inputs }: Summary,
): object {
  return {
    verifier: { id: verifierId(stage) },
    timeVerified: finishedAt,
    resourceUri: imageUri(name, `sha256:${digest.sha256}`),
    policy: { uri: 'urn:slipway:platform', digest: sha256(platform) },
    inputAttestations: inputs.map((input) => ({ digest: sha256(input) })),
    verificationResult: result === 'passed' ? 'PASSED' : 'FAILED',
    verifiedLevels: [result === 'passed' ? level : 'FAILED'],
    slsaVersion: '1.1',
  };
}

function sha256(digest: string): { readonly sha256: string } {
  return { sha256: hexOf(digest as Digest) };
}

function field(predicate: unknown, name: string): unknown {
  return typeof predicate === 'object' && predicate !== null && name in predicate
    ? (predicate as Record<string, unknown>)[name]
    : null;
}
