import type { SecretException } from '../config/verification.ts';
import type { Extent, Found } from '../secret-scan/scan.ts';
import type { Scan } from '../secret-scan/apart.ts';
import { globMatcher } from '../source/glob.ts';
import { Inconclusive, type Finding } from './finding.ts';
import type { Verifier } from './verifier.ts';

export interface SecretsDeps {
  /** Began when verification did: it runs beside the other verifiers. */
  readonly scan: Pick<Scan, 'ended'>;
  /** What operators let pass, and why (`verification.secrets.except` of the platform file). */
  readonly except: readonly SecretException[];
}

/** So many findings of one kind are told one by one: evidence has to stay readable. */
const SHOWN = 20;

/** An artifact holds no secrets (§7, §15): it is kept for ever, and whoever may run it may read it. */
export function createSecretsVerifier({ scan, except }: SecretsDeps): Verifier {
  const exceptions = except.map((one) => ({ ...one, covers: globMatcher([one.path]) }));
  return {
    id: 'secrets',
    appliesTo: () => true,
    async verify({ artifact }) {
      const scanned = await scan.ended;
      if ('unfinished' in scanned)
        throw new Inconclusive(`it was not looked through for secrets: ${scanned.unfinished}`);
      const { found, extent } = scanned;
      const judged = found.map((one) => ({
        ...one,
        exception: exceptions.find(({ rule = one.rule, covers }) => rule === one.rule && covers(one.path)),
      }));
      const refused = judged.filter(({ exception }) => exception === undefined).map(refusal);
      const excepted = judged.flatMap((one) => (one.exception === undefined ? [] : [pass(one, one.exception.reason)]));
      const findings = [...shown(refused, artifact), ...shown(excepted, artifact)];
      if (extent.untold > 0) findings.push(untold(extent.untold, artifact));
      const isClean = refused.length === 0 && extent.untold === 0;
      return isClean ? [clean(artifact, extent, excepted.length), ...findings] : findings;
    },
  };
}

function refusal({ rule, ...found }: Found): Finding {
  const message = `found what looks like a secret (rule ${rule}); take it out, count it as known to others, and give the new one by run.env: { VARIABLE: { secret: … } }. If it is none: verification.secrets.except in platform.yaml`;
  return { rule: `secrets/${rule}`, verdict: 'fail', place: placeOf(found), clause: '§15', message };
}

function pass({ rule, ...found }: Found, reason: string): Finding {
  const message = `excepted by platform.yaml: ${reason}`;
  return { rule: `secrets/${rule}`, verdict: 'pass', place: placeOf(found), clause: '§15', message };
}

function clean(place: string, { files, bytes, binary, cut }: Extent, excepted: number): Finding {
  const notes = [
    excepted > 0 && `${excepted} excepted`,
    binary > 0 && `not looked at: ${binary} files that are no text`,
    cut.count > 0 &&
      `not looked at to the end: ${cut.first.map(readable).join(', ')}${cut.count > cut.first.length ? ', …' : ''} (${cut.count})`,
  ].filter((note) => note !== false);
  const message = [`no secrets in ${files} files of text (${bytes} bytes)`, ...notes].join('; ');
  return { rule: 'secrets', verdict: 'pass', place, clause: '§15', message };
}

function shown(findings: readonly Finding[], place: string): readonly Finding[] {
  const [first] = findings;
  const more = findings.length - SHOWN;
  if (first === undefined || more <= 0) return findings;
  const { verdict, clause } = first;
  return [
    ...findings.slice(0, SHOWN),
    { rule: 'secrets', verdict, place, clause, message: `and ${more} more such findings` },
  ];
}

function untold(count: number, place: string): Finding {
  return { rule: 'secrets', verdict: 'fail', place, clause: '§15', message: `and ${count} more: too many to tell` };
}

/** File and line. A file's name is a stranger's: nothing of it but what is readable. */
function placeOf({ path, line }: Omit<Found, 'rule'>): string {
  return line === null ? path : `${readable(path)}:${line}`;
}

function readable(path: string): string {
  return /^[\x21-\x7e]{1,200}$/.test(path) ? path : JSON.stringify(path.slice(0, 200));
}
