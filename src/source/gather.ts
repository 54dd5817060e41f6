import { changeFile, changeIdOf, changesNamedIn, type ChangeDocument, readChangeDocument } from './change-document.ts';
import type { UnitFacts, UnitsFacts } from './judgement.ts';
import type { PathFilter, SourceRepository, Unit } from './repository.ts';

/** What is to be deployed, and from where. Revisions are full hashes. */
interface Question {
  readonly repository: SourceRepository;
  readonly component: string;
  readonly change: string | null;
  readonly revision: string;
  readonly live: string | null;
}

/** Reads from the source all that `judgeUnits` judges. @param files the component's */
export async function gatherFacts(question: Question, files: PathFilter): Promise<UnitsFacts> {
  const { repository, component, change, revision, live } = question;
  const redeployed = live === revision && change !== null;
  const units = redeployed ? [] : (await unitsToDeploy(question, files)).map((unit) => factsOf(unit, files));
  const atRevision = await documentsAt(repository, revision, change, units);
  return {
    component,
    change,
    redeployed,
    units,
    documents: { atRevision, atUnits: await documentsAtUnits(repository, units, atRevision) },
  };
}

/**
 * The units between what is live and the revision: from their merge base when the live revision is no ancestor (all of
 * them when there is none), and the newest alone when nothing is live.
 */
async function unitsToDeploy({ repository, revision, live }: Question, files: PathFilter): Promise<readonly Unit[]> {
  if (live === null || live === revision) {
    const newest = await repository.newestUnit(revision, files);
    return newest === null ? [] : [newest];
  }
  return repository.units(await repository.mergeBase(live, revision), revision, files);
}

function factsOf({ revision, message, paths }: Unit, files: PathFilter): UnitFacts {
  const subject = message.split('\n')[0]?.slice(0, 80) ?? '';
  return { revision, subject, changes: changesNamedIn(message), paths: paths.filter(files) };
}

/** Of all documents at the revision, those that are named or that could cover a unit: its full hash stands in them. */
async function documentsAt(
  repository: SourceRepository,
  revision: string,
  change: string | null,
  units: readonly UnitFacts[],
): Promise<ReadonlyMap<string, ChangeDocument>> {
  const named = new Set([change, ...units.flatMap(({ changes }) => changes)]);
  const documents = new Map<string, ChangeDocument>();
  for (const [file, bytes] of await repository.readAll(revision, (each) => changeIdOf(each) !== null)) {
    const id = changeIdOf(file);
    if (id !== null && (named.has(id) || units.some((unit) => bytes.includes(unit.revision)))) {
      documents.set(id, readChangeDocument(id, bytes));
    }
  }
  return documents;
}

/** A revert may have taken a document away: then the unit's own tree still has it. */
async function documentsAtUnits(
  repository: SourceRepository,
  units: readonly UnitFacts[],
  atRevision: ReadonlyMap<string, ChangeDocument>,
): Promise<ReadonlyMap<string, ReadonlyMap<string, ChangeDocument>>> {
  const atUnits = new Map<string, Map<string, ChangeDocument>>();
  for (const unit of units) {
    const documents = new Map<string, ChangeDocument>();
    for (const id of unit.changes.filter((each) => !atRevision.has(each))) {
      const bytes = await repository.read(unit.revision, changeFile(id));
      if (bytes !== null) documents.set(id, readChangeDocument(id, bytes));
    }
    atUnits.set(unit.revision, documents);
  }
  return atUnits;
}
