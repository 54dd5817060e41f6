import type { ArtifactStore } from '../artifacts/store.ts';
import type { Person } from '../contract/acts.ts';
import { isDigest, type Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import { formatTarget, type Target } from '../contract/target.ts';
import { quarantineOf, readActs } from '../records/acts.ts';
import { acting } from './acting.ts';
import { command, personOf, personOptions, type CommandFactory } from './command.ts';
import { recordedTargets } from './recorded.ts';

/** Lets a quarantined digest be deployed again; the act is sealed on the target that quarantined it. */
export const unquarantineCommand: CommandFactory = (cli) => {
  const [by, reason] = personOptions();
  return command(
    'unquarantine',
    'Let a quarantined digest be deployed again',
    'unquarantine sha256:9e10… --by ada --reason "The catalog was at fault, not this build"',
  )
    .argument('<digest>', 'sha256: and 64 hex digits')
    .addOption(by)
    .addOption(reason)
    .action(
      cli.action<Person, [string]>(async (context, options, digest) => {
        const person = personOf(options);
        if (!isDigest(digest)) throw new SlipwayError('USAGE', `found ${digest}, expected sha256: and 64 hex digits`);
        const target = formatTarget(await quarantinedBy(await context.artifacts(), digest));
        await acting(context, (slipway) => slipway.unquarantine(target, digest, person));
        context.output.answer({ target, digest }, () => [`${digest} may be deployed again`]);
        return 0;
      }),
    );
};

/** The target whose act quarantined it, the newest of several. @throws ACT_REFUSED */
async function quarantinedBy(artifacts: ArtifactStore, digest: Digest): Promise<Target> {
  const found: { readonly target: Target; readonly at: string }[] = [];
  for (const target of await recordedTargets(artifacts)) {
    const store = artifacts.component(target.component);
    if (!(await quarantineOf(store, digest)).quarantined) continue;
    const acts = await readActs(store, target);
    const newest = acts.findLast(({ act }) => act.kind === 'quarantine' && act.digest === digest);
    if (newest !== undefined) found.push({ target, at: newest.at });
  }
  const last = found.toSorted((a, b) => a.at.localeCompare(b.at, 'en')).at(-1);
  if (last !== undefined) return last.target;
  throw new SlipwayError('ACT_REFUSED', `${digest} is not quarantined`);
}
