import { isDeepStrictEqual } from 'node:util';
import type { ArtifactStore } from '../artifacts/store.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import { SlipwayError } from '../contract/failure.ts';
import { readRecord } from '../records/record.ts';
import { deploymentOf } from '../records/names.ts';
import { verifyDeployment, type Verification } from '../records/verify.ts';
import { command, type CommandFactory } from './command.ts';
import { namedRecord } from './named-record.ts';
import { harmless } from './report/paint.ts';
import { signerLines } from './report/signers.ts';

/** The exit code of INVALID. */
const NOT_GOOD = 4;

/** Checks a finished deployment from the store alone. */
export const verifyCommand: CommandFactory = (cli) =>
  command('verify', 'Say VALID, or INVALID and the clause', 'verify staging/storefront/7')
    .argument('<id|file>', 'deployment id, request id, or a file with a record as --json printed it')
    .action(
      cli.action<object, [string]>(async (context, _, text) => {
        const artifacts = await context.artifacts();
        const { deploymentId, fromFile } = await namedRecord(artifacts, text);
        const sealed = await verifyDeployment(artifacts, deploymentId);
        const verification = fromFile === null ? sealed : await compared(artifacts, sealed, fromFile);
        const { id, verdict, clause, reason, signers } = verification;
        context.output.answer({ id, verdict, clause, reason, signers }, (paint) => [
          verdict === 'VALID'
            ? `${paint('green', verdict)} ${id}`
            : `${paint('red', verdict)} ${id} (${clause}) ${harmless(reason ?? '')}`,
          ...signerLines(signers).map((line) => paint('dim', line)),
        ]);
        return verdict === 'VALID' ? 0 : NOT_GOOD;
      }),
    );

/** A record that a person holds in hand has to be the sealed one, word by word (§14). */
async function compared(
  artifacts: ArtifactStore,
  sealed: Verification,
  fromFile: DeploymentRecord,
): Promise<Verification> {
  if (sealed.verdict === 'INVALID') return sealed;
  const { component } = deploymentOf(sealed.id);
  const standing = await readRecord(artifacts.component(component), sealed.id);
  if (standing === null) throw new SlipwayError('UNKNOWN_DEPLOYMENT', `the store has no record of ${sealed.id}`);
  const others = differences(standing.record, fromFile);
  if (others.length === 0) return sealed;
  const reason = `the file is not the sealed record: it differs in ${others.join(', ')}`;
  return { ...sealed, verdict: 'INVALID', clause: '§14', reason };
}

function differences(a: object, b: object): readonly string[] {
  const [left, right] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].filter((key) => !isDeepStrictEqual(left[key], right[key]));
}
