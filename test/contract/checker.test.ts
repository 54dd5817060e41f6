import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faultOf } from '../../src/contract/checker.ts';
import type { Digest } from '../../src/contract/digest.ts';
import type { Dossier } from '../../src/contract/dossier.ts';
import type { FailureCode } from '../../src/contract/failure.ts';
import { gatherDossier } from '../../src/records/dossier.ts';
import { createTarget } from '../records/deployments.ts';
import { WITHIN } from '../records/made-up.ts';
import { rollbackOf, type Plan } from '../records/plan.ts';
import { openStore, type ScratchStore } from '../records/scratch.ts';

/** What one target went through, from its first deployment on; each is sealed in a real store as the pipeline seals it. */
const HISTORY = {
  'rejected, the first': { ends: { stage: 'change-intake', code: 'UNDOCUMENTED_CHANGE' } },
  removed: { ends: { stage: 'post-deploy-verification', code: 'SMOKE_FAILED', restored: 'removed' } },
  'completed, the first': {},
  completed: {},
  rejected: { ends: { stage: 'change-intake', code: 'SCOPE_EXCEEDED' } },
  failed: { ends: { stage: 'build', code: 'NOT_REPRODUCIBLE' } },
  'failed by our own fault': { ends: { stage: 'verification', code: 'STORE_UNAVAILABLE', seals: false } },
  burned: { ends: { stage: 'deploy', code: 'INSTANCE_DIED', restored: 'unchanged' } },
  'after a burned generation': {},
  aborted: { ends: { stage: 'release', code: 'ABORTED', as: 'aborted' } },
  'aborted once it had sealed': { ends: { stage: 'build', code: 'ABORTED', as: 'aborted', seals: true } },
  'aborted after deploy': {
    ends: { stage: 'post-deploy-verification', code: 'ABORTED', as: 'aborted', restored: 'restored' },
  },
  'rolled back at deploy': { ends: { stage: 'deploy', code: 'INSTANCE_DIED', restored: 'restored' } },
  'rolled back': { ends: { stage: 'post-deploy-verification', code: 'SMOKE_FAILED', restored: 'restored' } },
  'rolled back at completion': {
    ends: { stage: 'completion', code: 'DEFINITION_OF_DONE_VIOLATED', restored: 'restored' },
  },
  late: { ends: { stage: 'post-deploy-verification', code: 'HEALTH_DEGRADED', restored: 'late' } },
  'left, without a way back': {
    irreversible: true,
    ends: { stage: 'post-deploy-verification', code: 'SMOKE_FAILED', restored: 'left' },
  },
  'after it was left': {},
  terminated: { ends: { stage: 'build', code: 'DEPLOYMENT_TERMINATED', as: 'aborted' } },
  'terminated after deploy': {
    ends: { stage: 'completion', code: 'DEPLOYMENT_TERMINATED', as: 'aborted', restored: 'restored' },
  },
  'rollback failed': { ends: { stage: 'post-deploy-verification', code: 'SMOKE_FAILED', restored: null } },
  'rejected, since a person has the runtime': { ends: { stage: 'change-intake', code: 'UNKNOWN_RUNTIME_STATE' } },
  'rolled back on request': 'completed',
  'the last': {},
} as const satisfies Record<string, Plan | 'completed'>;

type Name = keyof typeof HISTORY;
const NAMES = Object.keys(HISTORY) as Name[];

let scratch: ScratchStore;
const dossiers = new Map<Name, Dossier>();

beforeAll(async () => {
  scratch = await openStore();
  const target = createTarget(scratch.artifacts);
  for (const plan of Object.values<Plan | 'completed'>(HISTORY))
    await target.deploy(plan === 'completed' ? returning() : plan);
  for (const [index, name] of NAMES.entries())
    dossiers.set(name, await gatherDossier(scratch.artifacts, target.idOf(index + 1)));

  function returning(): Plan {
    const deploymentId = target.idOf(NAMES.indexOf('completed') + 1);
    const text = `version ${NAMES.indexOf('completed') + 1}`;
    return { order: rollbackOf('back'), text, returnTo: { ...target.released(deploymentId), deploymentId } };
  }
});
afterAll(() => scratch.remove());

type Draft<T> = { -readonly [K in keyof T]: Draft<T[K]> };
type Forged = Draft<Dossier>;

function forge(name: Name, change: (draft: Forged) => void): Dossier {
  const draft = structuredClone(dossiers.get(name)) as Forged;
  change(draft);
  return draft as Dossier;
}

const of = (name: Name): Draft<Dossier> => structuredClone(dossiers.get(name)) as Forged;
const OTHER: Digest = `sha256:${'0'.repeat(64)}`;

describe('a deployment that kept the contract is VALID', () => {
  test.each(NAMES)('%s', (name) => {
    expect(faultOf(forge(name, () => undefined))).toBeNull();
  });
});

type Case = [lie: string, of: Name, change: (draft: Forged) => void, clause: string];

/**
 * Each lie is told by somebody who can write every document of the store, and who seals all that hangs on it again. As
 * nothing is signed yet, one who lies in every document alike, and in all records after, is not found out: signatures
 * are for that.
 */
function isFoundOut(cases: readonly Case[]): void {
  test.for(cases)('%s (%s)', ([, name, change, clause]) => {
    expect(faultOf(forge(name, change))).toMatchObject({ clause, reason: expect.any(String) as string });
  });
}

describe('stages skipped, reordered or merged are found out', () => {
  isFoundOut([
    ['a stage was skipped in the record', 'completed', ({ sealed }) => void sealed.record.stages.splice(2, 1), '§4'],
    [
      'a stage was skipped in record and store',
      'completed',
      (d) => (d.sealed.record.stages.splice(2, 1), delete d.chain.verification),
      '§4',
    ],
    ['a stage has no evidence', 'completed', ({ chain }) => delete chain.verification, '§4'],
    [
      'two stages changed places',
      'completed',
      ({ sealed }) => void sealed.record.stages.splice(2, 2, ...sealed.record.stages.slice(2, 4).toReversed()),
      '§4',
    ],
    [
      'two stages were one',
      'completed',
      ({ sealed }) => void (sealed.record.stages[3] = sealed.record.stages[2]!),
      '§4',
    ],
    ['an eighth stage', 'completed', ({ sealed }) => void sealed.record.stages.push(sealed.record.stages[6]!), '§4'],
    ['no stage at all', 'rejected', ({ sealed }) => void (sealed.record.stages = []), '§4'],
    [
      'a stage after one that failed',
      'failed',
      (d) => void d.sealed.record.stages.push(...of('completed').sealed.record.stages.slice(2, 3)),
      '§4',
    ],
    [
      'a stage sealed that the record does not list',
      'failed',
      (d) => void (d.chain.verification = of('completed').chain.verification!),
      '§4',
    ],
    [
      'a stage is passed, and sealed as failed',
      'completed',
      ({ chain }) =>
        void Object.assign(chain.build!.predicate, { result: 'failed', failure: { code: 'BUILD_FAILED' } }),
      '§4',
    ],
    [
      'a stage is failed, and sealed as passed',
      'rolled back',
      ({ chain }) =>
        void Object.assign(chain['post-deploy-verification']!.predicate, { result: 'passed', failure: null }),
      '§4',
    ],
    [
      'a stage passed and says why it failed',
      'completed',
      ({ chain }) => void Object.assign(chain.build!.predicate, { failure: { code: 'BUILD_FAILED' } }),
      '§4',
    ],
    [
      'a stage did not consume the one before it',
      'completed',
      ({ chain }) => void (chain.release!.predicate.previous = chain.build!.digest),
      '§4',
    ],
    [
      'a failed stage did not consume the one before it',
      'rolled back',
      ({ chain }) => void (chain['post-deploy-verification']!.predicate.previous = OTHER),
      '§4',
    ],
    [
      'evidence of another stage',
      'completed',
      ({ chain }) => void (chain.verification!.predicate.stage = 'release' as never),
      '§4',
    ],
    [
      'all but the last stage are claimed to be a completion',
      'completed',
      (d) => (d.sealed.record.stages.pop(), delete d.chain.completion),
      '§11',
    ],
  ]);
});

describe('evidence from elsewhere is found out', () => {
  isFoundOut([
    [
      'evidence of another deployment',
      'completed',
      (d) => void (d.chain.verification!.predicate.deploymentId = 'staging/storefront/9'),
      '§15',
    ],
    [
      'evidence of another target',
      'completed',
      (d) => void (d.chain.verification!.predicate.target = 'production/storefront'),
      '§15',
    ],
    [
      'failed evidence of another deployment',
      'failed',
      (d) => void (d.chain.build!.predicate.deploymentId = 'staging/storefront/9'),
      '§15',
    ],
    ['the whole chain of another deployment', 'completed', (d) => void (d.chain = of('the last').chain), '§14'],
    [
      'another deployment, chain and stages',
      'completed',
      (d) => ((d.chain = of('the last').chain), (d.sealed.record.stages = of('the last').sealed.record.stages)),
      '§15',
    ],
    [
      'two chains, spliced',
      'completed',
      (d) => void (d.chain = { ...d.chain, deploy: of('the last').chain.deploy! }),
      '§14',
    ],
    [
      'two chains, spliced in record and store',
      'completed',
      (d) => {
        d.chain = { ...d.chain, deploy: of('the last').chain.deploy! };
        d.sealed.record.stages[4]!.evidence = d.chain.deploy!.digest;
      },
      '§15',
    ],
    [
      'an abort that names evidence which nobody sealed',
      'aborted',
      ({ sealed }) => void (sealed.record.stages[3]!.evidence = OTHER),
      '§14',
    ],
    [
      'a failure without the evidence that is there',
      'failed',
      ({ sealed }) => void (sealed.record.stages[1]!.evidence = null),
      '§14',
    ],
    [
      'completion sealed another chain',
      'completed',
      ({ chain }) => void (chain.completion!.predicate.findings!.chain[2] = OTHER),
      '§11',
    ],
  ]);
});

describe('other bytes are found out', () => {
  const other = { version: '20261123.4f0c1d2e3a4b.00000000', digest: OTHER };
  isFoundOut([
    [
      'verified other than built',
      'completed',
      ({ chain }) => void (chain.verification!.predicate.findings!.artifact = OTHER),
      '§15',
    ],
    [
      'released other than verified',
      'completed',
      ({ chain }) => void (chain.release!.predicate.findings!.release = other),
      '§8',
    ],
    [
      'released under another version',
      'completed',
      ({ chain }) => void (chain.release!.predicate.findings!.release.version = other.version),
      '§8',
    ],
    [
      'deployed other than released',
      'completed',
      ({ chain }) => void (chain.deploy!.predicate.findings!.release = other),
      '§9',
    ],
    [
      'live other than deployed',
      'completed',
      ({ chain }) => void Object.assign(chain.deploy!.predicate.findings!.live!, other),
      '§9',
    ],
    [
      'nothing live after deploy',
      'completed',
      ({ chain }) => void (chain.deploy!.predicate.findings!.live = null),
      '§9',
    ],
    [
      'observed other than live',
      'completed',
      ({ chain }) => void (chain['post-deploy-verification']!.predicate.findings!.artifact = OTHER),
      '§9',
    ],
    [
      'completed with other than observed',
      'completed',
      ({ chain }) => void Object.assign(chain.completion!.predicate.findings!.observed.live!, other),
      '§9',
    ],
    [
      'a statement about other bytes',
      'completed',
      ({ chain }) => void (chain.verification!.subject[0]!.digest.sha256 = '0'.repeat(64)),
      '§15',
    ],
    ['a statement about nothing', 'completed', ({ chain }) => void (chain.deploy!.subject = []), '§9'],
    ['recorded other than built', 'completed', ({ sealed }) => void (sealed.record.artifact = other), '§14'],
    [
      'recorded other than built, and rolled back',
      'rolled back',
      ({ sealed }) => void (sealed.record.artifact = other),
      '§14',
    ],
    ['recorded, though nothing was built', 'failed', ({ sealed }) => void (sealed.record.artifact = other), '§14'],
    ['not recorded', 'rolled back', ({ sealed }) => void (sealed.record.artifact = null), '§14'],
    [
      'two builds, two digests',
      'completed',
      ({ chain }) => void (chain.build!.predicate.findings!.builds[1] = OTHER),
      '§6',
    ],
    [
      'two builds, two digests, called adopted',
      'completed',
      ({ chain }) =>
        void Object.assign(chain.build!.predicate.findings!, { adopted: true, builds: ['sha256:1', OTHER] }),
      '§6',
    ],
    [
      'an artifact that is not whole',
      'completed',
      (d) => void (d.bytesFault = { clause: '§6', reason: 'a blob is missing' }),
      '§6',
    ],
  ]);
});

describe('verdicts and releases that were not given are found out', () => {
  isFoundOut([
    [
      'verification passed without its verdict',
      'completed',
      ({ chain }) => void (chain.verification!.predicate.findings!.verdict = 'inconclusive'),
      '§7',
    ],
    [
      'post-deploy verification passed without its verdict',
      'completed',
      ({ chain }) => void (chain['post-deploy-verification']!.predicate.findings!.verdict = { verdict: 'fail' }),
      '§10',
    ],
    [
      'post-deploy verification has no verdict',
      'completed',
      ({ chain }) => void (chain['post-deploy-verification']!.predicate.findings!.verdict = {}),
      '§10',
    ],
    [
      'the release is that of another change',
      'completed',
      ({ chain }) => void (chain.release!.predicate.findings!.change = 'CHG-9'),
      '§8',
    ],
    [
      'the release is of another revision',
      'completed',
      ({ chain }) => void (chain.release!.predicate.findings!.source.revision = '0'.repeat(40)),
      '§8',
    ],
    [
      'nobody could see it',
      'completed',
      ({ chain }) => void (chain.completion!.predicate.findings!.visibleSince = ''),
      '§11',
    ],
    ['findings are missing', 'completed', ({ chain }) => void (chain.release!.predicate.findings = null), '§4'],
  ]);
});

describe('what was not so ordered, or not so admitted, is found out', () => {
  isFoundOut([
    ['another request', 'completed', ({ sealed }) => void (sealed.record.requestId = 'mine'), '§14'],
    [
      'another request, in record and order',
      'completed',
      ({ sealed }) => ((sealed.record.requestId = 'mine'), (sealed.order.requestId = 'mine')),
      '§5',
    ],
    [
      'an order of somebody else',
      'completed',
      ({ sealed }) => ((sealed.order.by = 'eve'), (sealed.record.change.requestedBy = 'eve')),
      '§5',
    ],
    [
      'an order for another target',
      'completed',
      ({ sealed }) => void (sealed.order.target.environment = 'production'),
      '§14',
    ],
    ['another change', 'completed', ({ sealed }) => void (sealed.record.change.id = 'CHG-9'), '§14'],
    ['another reason', 'completed', ({ sealed }) => void (sealed.record.change.reason = 'because'), '§14'],
    ['another person', 'completed', ({ sealed }) => void (sealed.record.change.requestedBy = 'eve'), '§14'],
    ['a change carried in silence', 'completed', ({ sealed }) => void (sealed.record.change.carries = []), '§14'],
    ['another change was rejected', 'rejected', ({ sealed }) => void (sealed.record.change.id = 'CHG-9'), '§14'],
    ['no change', 'rejected', ({ sealed }) => void (sealed.record.change.id = ''), '§14'],
    ['another revision', 'completed', ({ sealed }) => void (sealed.record.source!.revision = '0'.repeat(40)), '§14'],
    [
      'another revision was rejected',
      'rejected',
      ({ sealed }) => void (sealed.record.source!.revision = '0'.repeat(40)),
      '§14',
    ],
    ['another version to start from', 'completed', ({ sealed }) => void (sealed.record.from!.version = 'older'), '§2'],
    ['nothing to start from', 'completed', ({ sealed }) => void (sealed.record.from = null), '§2'],
    [
      'the record of another deployment',
      'completed',
      ({ sealed }) => void (sealed.record.deploymentId = 'staging/storefront/99'),
      '§14',
    ],
    [
      'the record of another target',
      'completed',
      ({ sealed }) => void (sealed.record.target = 'production/storefront'),
      '§14',
    ],
    [
      'a rollback to a release that never completed',
      'rolled back on request',
      (d) => void (d.returnedTo = of('rolled back').sealed),
      '§13',
    ],
    ['a rollback to a release that is not there', 'rolled back on request', (d) => void (d.returnedTo = null), '§13'],
    [
      'a rollback that took another release',
      'rolled back on request',
      ({ chain }) => void (chain['change-intake']!.predicate.findings!.returnTo!.version = 'older'),
      '§13',
    ],
    [
      'a rollback that built anew',
      'rolled back on request',
      ({ chain }) => void (chain.build!.predicate.findings!.adopted = false),
      '§13',
    ],
  ]);
});

describe('times that are missing or cannot be are found out', () => {
  const before = '2020-01-01T00:00:00.000Z';
  const later = '2030-01-01T00:00:00.000Z';
  isFoundOut([
    ['a stage without a beginning', 'completed', ({ sealed }) => void (sealed.record.stages[3]!.startedAt = ''), '§14'],
    ['a stage without an end', 'completed', ({ sealed }) => void (sealed.record.stages[3]!.finishedAt = null), '§14'],
    [
      'a time that is none',
      'completed',
      ({ sealed }) => void (sealed.record.stages[3]!.finishedAt = '2026-13-45T00:00:00.000Z'),
      '§14',
    ],
    [
      'a time in another zone',
      'completed',
      ({ sealed }) => void (sealed.record.stages[3]!.finishedAt = '2026-11-23T09:00:00+02:00'),
      '§14',
    ],
    [
      'a stage that began before the one before it had ended',
      'completed',
      ({ sealed }) => void (sealed.record.stages[3]!.startedAt = before),
      '§4',
    ],
    [
      'a stage that ended before it began',
      'completed',
      ({ sealed }) => void (sealed.record.stages[6]!.finishedAt = before),
      '§14',
    ],
    ['evidence without a time', 'completed', ({ chain }) => void (chain.build!.predicate.startedAt = ''), '§14'],
    ['failed evidence without a time', 'failed', ({ chain }) => void (chain.build!.predicate.finishedAt = ''), '§14'],
    [
      'evidence of a stage that ended before it began',
      'completed',
      ({ chain }) => void (chain.build!.predicate.startedAt = later),
      '§14',
    ],
    [
      'a release without a time',
      'completed',
      ({ chain }) => void (chain.release!.predicate.findings!.releasedAt = ''),
      '§14',
    ],
    [
      'a rollback without a beginning',
      'rolled back',
      ({ sealed }) => void (sealed.record.rollback!.startedAt = ''),
      '§14',
    ],
    [
      'a rollback without an end',
      'rolled back',
      ({ sealed }) => void (sealed.record.rollback!.restoredAt = null),
      '§14',
    ],
    [
      'a rollback that began before anything had failed',
      'rolled back',
      ({ sealed }) => void (sealed.record.rollback!.startedAt = before),
      '§14',
    ],
    [
      'a rollback that ended before it began',
      'rolled back',
      ({ sealed }) => void (sealed.record.rollback!.restoredAt = before),
      '§14',
    ],
    ['a record that was sealed at no time', 'completed', ({ sealed }) => void (sealed.sealedAt = ''), '§14'],
  ]);
});

describe('an ending that was not is found out', () => {
  const failure = (code: string, stage: string) => ({
    code: code as FailureCode,
    clause: null,
    stage: stage as never,
    message: '',
  });
  isFoundOut([
    ['no result', 'completed', ({ sealed }) => void (sealed.record.result = null), '§14'],
    [
      'a rolled-back deployment is called completed',
      'rolled back',
      ({ sealed }) => void (sealed.record.result = 'completed'),
      '§11',
    ],
    [
      'a completed deployment is called failed',
      'completed',
      ({ sealed }) =>
        void Object.assign(sealed.record, { result: 'failed', failure: failure('SMOKE_FAILED', 'completion') }),
      '§11',
    ],
    [
      'a completed deployment has a failure',
      'completed',
      ({ sealed }) => void (sealed.record.failure = failure('SMOKE_FAILED', 'completion')),
      '§11',
    ],
    [
      'a failed deployment is called rejected',
      'failed',
      ({ sealed }) => void (sealed.record.result = 'rejected'),
      '§11',
    ],
    [
      'a rejected deployment is called failed',
      'rejected',
      ({ sealed }) => void (sealed.record.result = 'failed'),
      '§11',
    ],
    [
      'a rolled-back deployment is called aborted',
      'rolled back',
      ({ sealed }) => void (sealed.record.result = 'aborted'),
      '§11',
    ],
    [
      'an aborted deployment is called rolled back',
      'aborted after deploy',
      ({ sealed }) => void (sealed.record.result = 'rolled-back'),
      '§11',
    ],
    [
      'a failed rollback is called rolled back',
      'rollback failed',
      ({ sealed }) => void (sealed.record.result = 'rolled-back'),
      '§11',
    ],
    ['no reason is given', 'failed', ({ sealed }) => void (sealed.record.failure = null), '§14'],
    [
      'a reason that no stage gave',
      'failed',
      ({ sealed }) => void (sealed.record.failure!.code = 'BUILD_FAILED'),
      '§14',
    ],
    [
      'a fault of the change is called our own',
      'rolled back',
      ({ sealed }) => void Object.assign(sealed.record, { failure: failure('INTERNAL', 'post-deploy-verification') }),
      '§14',
    ],
    ['a reason of another stage', 'failed', ({ sealed }) => void (sealed.record.failure!.stage = 'deploy'), '§14'],
    ['a failure of no stage', 'failed', ({ sealed }) => void (sealed.record.failure!.stage = null), '§14'],
    [
      'a failure that this contract does not know',
      'failed',
      ({ sealed }) => void (sealed.record.failure!.code = 'BAD_LUCK' as FailureCode),
      '§14',
    ],
    [
      'a failure that only every object knows',
      'failed',
      ({ sealed }) => void (sealed.record.failure!.code = 'toString' as FailureCode),
      '§14',
    ],
    [
      'a changed runtime is left as it is',
      'rolled back',
      ({ sealed }) => void Object.assign(sealed.record, { rollback: null, result: 'failed' }),
      '§12',
    ],
    [
      'an abort leaves a changed runtime as it is',
      'aborted after deploy',
      ({ sealed }) => void (sealed.record.rollback = null),
      '§12',
    ],
    [
      'a rollback, though nothing was deployed',
      'failed',
      ({ sealed }) =>
        void Object.assign(sealed.record, {
          rollback: of('rolled back').sealed.record.rollback,
          result: 'rolled-back',
        }),
      '§13',
    ],
    [
      'completed, though its restoration was claimed first',
      'completed',
      (d) => void (d.outcome = 'restoration'),
      '§11',
    ],
    ['rolled back, though another record was sealed first', 'rolled back', (d) => void (d.outcome = OTHER), '§11'],
    ['rolled back, though nobody claimed it', 'rolled back', (d) => void (d.outcome = d.sealed.digest), '§11'],
    ['nothing was decided', 'failed', (d) => void (d.outcome = null), '§11'],
  ]);
});

describe('a rollback that was not is found out', () => {
  const late = (d: Forged): void => {
    const { rollback } = d.sealed.record;
    rollback!.restoredAt = new Date(Date.parse(rollback!.startedAt) + WITHIN + 1).toISOString();
  };
  isFoundOut([
    [
      'back to another release than it started from',
      'rolled back',
      ({ sealed }) => void (sealed.record.rollback!.to!.digest = OTHER),
      '§13',
    ],
    [
      'back to another version than it started from',
      'rolled back',
      ({ sealed }) => void (sealed.record.rollback!.to!.version = 'older'),
      '§13',
    ],
    ['back to nothing', 'rolled back', ({ sealed }) => void (sealed.record.rollback!.to = null), '§13'],
    [
      'the new version is still live',
      'rolled back',
      (d) => void Object.assign(d.sealed.after!.live!, { ...d.sealed.record.artifact, deploymentId: d.deploymentId }),
      '§13',
    ],
    [
      'the old bytes are live by somebody else',
      'rolled back',
      (d) => void (d.sealed.after!.live!.deploymentId = d.deploymentId),
      '§13',
    ],
    ['the runtime jumped a generation', 'rolled back', (d) => void (d.sealed.after!.generation += 1), '§13'],
    ['nobody looked at the runtime', 'rolled back', (d) => void (d.sealed.after = null), '§13'],
    [
      'the first deployment is still live',
      'removed',
      (d) => void (d.sealed.after!.live = of('completed').sealed.after!.live),
      '§13',
    ],
    [
      'removed, though there was a version before',
      'rolled back',
      ({ sealed }) => void (sealed.record.rollback!.outcome = 'removed'),
      '§13',
    ],
    [
      'restored, though there was none',
      'removed',
      ({ sealed }) => void (sealed.record.rollback!.outcome = 'restored'),
      '§13',
    ],
    [
      'late, and recorded as in time',
      'late',
      ({ sealed }) => void (sealed.record.rollback!.outcome = 'restored'),
      '§13',
    ],
    [
      'in time by another bound than the platform’s',
      'late',
      ({ sealed }) => void Object.assign(sealed.record.rollback!, { outcome: 'restored', within: 2 * WITHIN }),
      '§13',
    ],
    [
      'in time, and recorded as late',
      'rolled back',
      ({ sealed }) => void (sealed.record.rollback!.outcome = 'late'),
      '§13',
    ],
    ['late by its times', 'rolled back', late, '§13'],
    ['for another reason', 'rolled back', ({ sealed }) => void (sealed.record.rollback!.trigger = 'ABORTED'), '§12'],
    [
      'failed, and yet done',
      'rollback failed',
      ({ sealed }) => void (sealed.record.rollback!.restoredAt = '2026-11-23T10:00:00.000Z'),
      '§13',
    ],
    [
      'sealed while it still went on',
      'rolled back',
      ({ sealed }) => void (sealed.record.rollback!.outcome = 'restoring'),
      '§13',
    ],
    [
      'past its bound before that had passed',
      'late',
      ({ sealed }) => void (sealed.record.rollback!.breachedAt = sealed.record.rollback!.startedAt),
      '§13',
    ],
    [
      'done with the data changed meanwhile',
      'rolled back',
      ({ sealed }) => void (sealed.record.rollback!.data = { how: 'hashed', before: OTHER, after: 'sha256:1' }),
      '§13',
    ],
    [
      'not possible, and yet another state is vouched for',
      'left, without a way back',
      (d) => void (d.sealed.after = of('completed').sealed.after),
      '§13',
    ],
    [
      'not possible, and no change had declared it',
      'left, without a way back',
      ({ chain }) => void (chain['change-intake']!.predicate.findings!.change.irreversible = []),
      '§13',
    ],
    [
      'told to be possible, though it was found that it is not',
      'left, without a way back',
      ({ sealed }) => void (sealed.record.wayBack = of('completed').sealed.record.wayBack ?? null),
      '§13',
    ],
    [
      'proved to another release than was live',
      'rolled back',
      ({ sealed, chain }) => {
        const elsewhere = { state: 'proved', to: of('removed').sealed.record.artifact, seen: 'all is well' } as const;
        sealed.record.wayBack = elsewhere;
        chain.deploy!.predicate.findings!.wayBack = elsewhere;
      },
      '§13',
    ],
    [
      'failed, and yet somebody vouches for the runtime',
      'rollback failed',
      (d) => void (d.sealed.after = of('completed').sealed.after),
      '§13',
    ],
  ]);
});

describe('a hand in the runtime is found out (§15)', () => {
  isFoundOut([
    [
      'deploy jumped a generation',
      'completed',
      ({ chain }) => void (chain.deploy!.predicate.findings!.generation += 1),
      '§15',
    ],
    [
      'the generation moved before it was verified',
      'completed',
      ({ chain }) => void (chain['post-deploy-verification']!.predicate.findings!.generation += 1),
      '§15',
    ],
    [
      'the generation moved before completion',
      'completed',
      ({ chain }) => void (chain.completion!.predicate.findings!.observed.generation += 1),
      '§15',
    ],
    [
      'somebody else made it live',
      'completed',
      ({ chain }) => void (chain.deploy!.predicate.findings!.live!.deploymentId = 'staging/storefront/1'),
      '§15',
    ],
    [
      'the record seals another state than was observed',
      'completed',
      (d) => void (d.sealed.after!.generation += 1),
      '§11',
    ],
    [
      'a deployment started from what the record before had not left',
      'completed',
      (d) => void (d.before!.after!.generation += 1),
      '§2',
    ],
    ['a deployment started from what was left to a person', 'completed', (d) => void (d.before!.after = null), '§2'],
    [
      'a first deployment started from something',
      'rejected, the first',
      (d) => void (d.sealed.after!.generation = 3),
      '§2',
    ],
    [
      'a failed deployment left another runtime behind',
      'failed',
      (d) => void (d.sealed.after!.live!.deploymentId = d.deploymentId),
      '§2',
    ],
    ['a burned generation jumped', 'burned', (d) => void (d.sealed.after!.generation += 1), '§2'],
    [
      'the next order was refused, since the runtime was unlike the record',
      'completed',
      (d) => {
        d.whileLive = [{ ...of('rejected, since a person has the runtime').sealed, found: null }];
      },
      '§15',
    ],
    [
      'a rollback on request found another state than was left',
      'the last',
      (d) => {
        d.whileLive = [{ ...d.sealed, found: { ...d.sealed.after!, generation: d.sealed.after!.generation + 1 } }];
      },
      '§15',
    ],
  ]);

  test('but not when the hand came after another release was live', () => {
    const replaced = forge('completed, the first', (d) => {
      d.whileLive = [{ ...of('completed').sealed, found: d.sealed.after }];
    });
    expect(faultOf(replaced)).toBeNull();
  });
});

describe('a chain of records and acts that was changed is found out (§14)', () => {
  isFoundOut([
    ['a record before it is missing', 'completed', (d) => void d.recorded.splice(1, 1), '§14'],
    ['the first record is missing', 'completed', (d) => void d.recorded.splice(0, 1), '§14'],
    ['the record before it is another', 'completed', (d) => void (d.before!.digest = OTHER), '§14'],
    ['it names another record before it', 'completed', (d) => void (d.sealed.record.previousRecord = OTHER), '§14'],
    ['it names no record before it', 'completed', (d) => void (d.sealed.record.previousRecord = null), '§14'],
    [
      'the first names one before it',
      'rejected, the first',
      (d) => void (d.sealed.record.previousRecord = OTHER),
      '§14',
    ],
    ['the next was sealed when another stood in its place', 'completed', (d) => void (d.namedByNext = OTHER), '§14'],
    ['the next was sealed when none stood in its place', 'completed', (d) => void (d.namedByNext = null), '§14'],
    [
      'an act before it is missing',
      'completed',
      (d) => void (d.actsFault = 'act 1 of the target’s chain is missing'),
      '§14',
    ],
  ]);

  test('but a record missing after it is not its fault', () => {
    expect(faultOf(forge('completed', (d) => void d.recorded.splice(10, 1)))).toBeNull();
  });
});

test('a wholly consistent forgery is VALID as long as nothing is signed: whoever can write every document can lie', () => {
  const lie = forge('the last', ({ sealed, chain }) => {
    sealed.record.change.requestedBy = 'eve';
    sealed.order.by = 'eve';
    chain['change-intake']!.predicate.findings!.order.by = 'eve';
    chain['change-intake']!.predicate.findings!.change.requestedBy = 'eve';
  });
  expect(faultOf(lie)).toBeNull();
});
