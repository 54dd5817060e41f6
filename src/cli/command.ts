import { Command, Option } from 'commander';
import type { Person } from '../contract/acts.ts';
import { whyNoPerson } from '../contract/acts.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { Context } from './context.ts';

/** What every command takes. */
export interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** What a command does, with a context of its own that is closed after it. Resolves with the exit code. */
export type Work<O, A extends readonly unknown[]> = (
  context: Context,
  options: O & CommonOptions,
  ...args: A
) => Promise<number>;

/** What commands are given to run in. */
export interface Cli {
  /** A commander action that does `work`. */
  action<O, A extends readonly unknown[]>(work: Work<O, A>): (...given: unknown[]) => Promise<void>;
}

/** One file a command exports one of these; `program.ts` lists them. */
export type CommandFactory = (cli: Cli) => Command;

/** Begins a command, with the options that all take and an example at the end of its help. */
export function command(name: string, summary: string, example: string): Command {
  return new Command(name)
    .description(summary)
    .option('--config <file>', 'the platform file (default: ./platform.yaml)')
    .option('--json', 'print one JSON document on stdout, and nothing else there')
    .addHelpText('after', `\nExample:\n  $ slipway ${example}`);
}

/** Who does it, and why: required of every act (§14). */
export function personOptions(): readonly [Option, Option] {
  return [
    new Option('--by <who>', 'who does this').makeOptionMandatory(),
    new Option('--reason <text>', 'why').makeOptionMandatory(),
  ];
}

/** @throws USAGE when one of them is empty or too long */
export function personOf({ by, reason }: Person): Person {
  const wrong = whyNoPerson({ by, reason });
  if (wrong !== null) throw new SlipwayError('USAGE', `--${wrong}`);
  return { by, reason };
}
