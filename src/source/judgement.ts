import type { Change } from '../config/change.ts';
import type { FailureCode } from '../contract/failure.ts';
import { changeFile, type ChangeDocument } from './change-document.ts';
import { globMatcher } from './glob.ts';

/** A unit, as far as Change Intake judges it. */
export interface UnitFacts {
  readonly revision: string;
  /** First line of its message. */
  readonly subject: string;
  /** The ids on its `Change: <ID>` lines. */
  readonly changes: readonly string[];
  /** Those of its paths that are the component's. */
  readonly paths: readonly string[];
}

/** What is to be judged: everything in it was read from the source, nothing is read while judging. */
export interface UnitsFacts {
  readonly component: string;
  /** The change that the order names, or null when none is named (`slipway check`). */
  readonly change: string | null;
  /** The very revision that is live is deployed again: there are no units, and the change is the order's own. */
  readonly redeployed: boolean;
  /** Oldest first. */
  readonly units: readonly UnitFacts[];
  readonly documents: {
    /** At the revision to deploy, by id. */
    readonly atRevision: ReadonlyMap<string, ChangeDocument>;
    /** At the units themselves, by the unit's revision and then by id. */
    readonly atUnits: ReadonlyMap<string, ReadonlyMap<string, ChangeDocument>>;
  };
}

export interface Problem {
  readonly code: FailureCode;
  readonly message: string;
}

/**
 * `change` is the order's, or the newest carried; `carries` every change that the deployment brings, oldest first, and
 * `irreversible` those among them that may go out although there is no way back (§13).
 */
export type UnitsVerdict =
  | {
      readonly verdict: 'pass';
      readonly change: Change;
      readonly carries: readonly string[];
      readonly irreversible: readonly string[];
    }
  | { readonly verdict: 'fail'; readonly problems: readonly [Problem, ...Problem[]] };

/**
 * Judges what a deployment would bring against the changes that account for it (§5, and DESIGN, "Files people write"):
 *
 * 1. the change that the order names has a document that can be read, bears its id and names the component;
 * 2. every unit is accounted for ({@link judgeUnit}): undocumented changes are rejected;
 * 3. the change that the order names is among those that account for them: the reason given is the reason why.
 */
export function judgeUnits(facts: UnitsFacts): UnitsVerdict {
  const ordered = facts.change === null ? null : judgeOrdered(facts, facts.change);
  if (ordered !== null && 'code' in ordered) return { verdict: 'fail', problems: [ordered] };
  if (ordered !== null && facts.redeployed) return passed(ordered, [ordered]);

  const judged = facts.units.map((unit) => judgeUnit(facts, unit));
  const [problem, ...problems] = judged.filter((each) => 'code' in each);
  if (problem !== undefined) return { verdict: 'fail', problems: [problem, ...problems] };

  const carried = judged.flatMap((each) => ('carries' in each ? each.carries : []));
  const carries = [...new Set(carried.map(({ id }) => id))];
  const change = ordered === null ? carried.at(-1) : carried.some(({ id }) => id === ordered.id) ? ordered : undefined;
  if (change === undefined) return { verdict: 'fail', problems: [notCarried(facts, carries)] };
  return passed(change, carried);
}

function passed(change: Change, carried: readonly Change[]): UnitsVerdict {
  const idsOf = (changes: readonly Change[]): readonly string[] => [...new Set(changes.map(({ id }) => id))];
  const irreversible = idsOf(carried.filter((each) => each.irreversible));
  return { verdict: 'pass', change, carries: idsOf(carried), irreversible };
}

/** Rule 1. The document may stand at the revision, or at a unit: a revert may have taken it away since. */
function judgeOrdered({ component, documents, units }: UnitsFacts, id: string): Change | Problem {
  const document =
    documents.atRevision.get(id) ??
    units.map(({ revision }) => documents.atUnits.get(revision)?.get(id)).findLast((each) => each !== undefined);
  if (document === undefined) {
    const found = `found no ${changeFile(id)} at the revision`;
    return {
      code: 'CHANGE_DOCUMENT_MISSING',
      message: `${found}, expected the document of the change ${id}; commit it, or name another change`,
    };
  }
  if ('failure' in document) return document.failure;
  const { change } = document;
  return change.components.includes(component) ? change : notInChange(component, [change], changeFile(id));
}

/**
 * Rule 2. A unit's message has a `Change: <ID>` line, or a change covers it by its full hash. That change's document
 * exists at the deployed revision or at the unit itself, and names the component. The unit's files of this component lie
 * in the scope of that change. Where several changes speak for one unit, each may account for a part of its files, and
 * one that covers it stands in for a line that was wrong.
 */
function judgeUnit(facts: UnitsFacts, unit: UnitFacts): { readonly carries: readonly Change[] } | Problem {
  const { component, documents } = facts;
  const covering = [...documents.atRevision.values()].flatMap((document) =>
    'change' in document && document.change.covers.includes(unit.revision) ? [document.id] : [],
  );
  const ids = [...new Set([...unit.changes, ...covering])];
  const found = ids.flatMap(
    (id) => documents.atRevision.get(id) ?? documents.atUnits.get(unit.revision)?.get(id) ?? [],
  );
  const changes = found.flatMap((document) => ('change' in document ? [document.change] : []));
  const carries = changes.filter((change) => change.components.includes(component));
  const which = `${unit.revision.slice(0, 12)} ${JSON.stringify(unit.subject)}`;

  if (carries.length > 0) {
    const inScope = globMatcher(carries.flatMap(({ scope }) => scope));
    const outside = unit.paths.filter((path) => !inScope(path));
    return outside.length === 0 ? { carries } : scopeExceeded(which, carries, outside);
  }
  if (changes.length > 0) return notInChange(component, changes, which);
  const broken = found.find((document) => 'failure' in document);
  if (broken !== undefined) return { code: broken.failure.code, message: `${which}: ${broken.failure.message}` };
  if (ids.length > 0) {
    const files = ids.map(changeFile).join(', ');
    const message = `${which}: found no ${files} there or at the revision to deploy, expected the document of its change; commit it`;
    return { code: 'CHANGE_DOCUMENT_MISSING', message };
  }
  return {
    code: 'UNDOCUMENTED_CHANGE',
    message:
      `${which}: touches ${component} without a change: found no "Change: <ID>" line, and no change that covers it; ` +
      `write ${unit.revision} under \`covers\` of the change that accounts for it`,
  };
}

function scopeExceeded(which: string, carries: readonly Change[], outside: readonly string[]): Problem {
  const ids = carries.map(({ id }) => id).join(', ');
  const shown = outside
    .slice(0, 5)
    .map((path) => JSON.stringify(path))
    .join(', ');
  const more = outside.length > 5 ? ` and ${outside.length - 5} more` : '';
  const scope = carries.flatMap((change) => change.scope).join(', ');
  const message = `${which}: found ${shown}${more}, expected files in the scope of ${ids} (${scope}); widen the scope, or name the change that they belong to`;
  return { code: 'SCOPE_EXCEEDED', message };
}

function notInChange(component: string, changes: readonly Change[], where: string): Problem {
  const named = changes.map(({ id, components }) => `${id} for ${components.join(', ')}`).join('; ');
  const message = `${where}: found ${named}, expected ${component} among its components; add it there, or name another change`;
  return { code: 'COMPONENT_NOT_IN_CHANGE', message };
}

/** Rule 3. */
function notCarried({ component, change, units }: UnitsFacts, carries: readonly string[]): Problem {
  if (units.length === 0) {
    const message = `found no commit that touches ${component} since what is live, expected one of ${change ?? 'a change'}; there is nothing to deploy`;
    return { code: 'CHANGE_NOT_CARRIED', message };
  }
  const message = `found the changes ${carries.join(', ')} between what is live and the revision, expected ${change} among them; name one of those`;
  return { code: 'CHANGE_NOT_CARRIED', message };
}
