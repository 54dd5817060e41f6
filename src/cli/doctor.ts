import { stat } from 'node:fs/promises';
import type { LoadedPlatform } from '../config/load.ts';
import { SlipwayError } from '../contract/failure.ts';
import { bad, type Finding } from '../up/doctor/finding.ts';
import type { SandboxProbe } from '../up/doctor/machine.ts';
import { command, type CommandFactory } from './command.ts';
import type { Context } from './context.ts';
import { describeFindings } from './report/findings.ts';

/** Looks at this machine and this platform, and says what to do about what is wrong. */
export const doctorCommand: CommandFactory = (cli) =>
  command('doctor', 'Say what is missing or wrong on this machine', 'doctor').action(
    cli.action<object, []>(async (context, { config }) => {
      const { examine } = await import('../up/doctor/doctor.ts');
      const { loaded, broken } = await readPlatform(context, config);
      const findings = await examine({ loaded, env: context.env, probeSandboxes });
      const all = broken === null ? findings : [...findings.filter(({ what }) => what !== broken.what), broken];
      context.output.answer({ findings: all }, (paint) => describeFindings(all, paint));
      return all.some(({ state }) => state === 'bad') ? 1 : 0;
    }),
  );

interface PlatformRead {
  /** Null where there is none, or a broken one. */
  readonly loaded: LoadedPlatform | null;
  readonly broken: Finding | null;
}

/** A platform file that is wrong is one finding among others; none at all is no finding, unless it was named. */
async function readPlatform(context: Context, config: string | undefined): Promise<PlatformRead> {
  try {
    return { loaded: await context.platform(), broken: null };
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'FILE_INVALID') throw error;
    const isThere = (await stat(config ?? 'platform.yaml').catch(() => null)) !== null;
    if (!isThere && config === undefined) return { loaded: null, broken: null };
    return { loaded: null, broken: bad('platform file', error.message, 'Correct it, or name another with --config.') };
  }
}

async function probeSandboxes(): Promise<readonly SandboxProbe[]> {
  const { openSandbox } = await import('../build/sandbox.ts');
  return await Promise.all(
    (['bwrap', 'unshare'] as const).map(async (kind): Promise<SandboxProbe> => {
      try {
        await openSandbox(kind);
        return { kind, works: true };
      } catch (error) {
        return { kind, works: false, why: error instanceof Error ? whyOf(error.message) : String(error) };
      }
    }),
  );
}

/** Of `No sandbox works here (bwrap: reason). remedy`, the reason: the doctor has a remedy of its own. */
function whyOf(message: string): string {
  return /\(\w+: ([^\n]*)\)\. /.exec(message)?.[1] ?? message;
}
