import { Command, CommanderError, type Argument } from 'commander';
import { SlipwayError } from '../contract/failure.ts';
import { abortCommand } from './abort.ts';
import { checkCommand } from './check.ts';
import type { Cli, CommandFactory, CommonOptions } from './command.ts';
import { openContext, type OpenContext } from './context.ts';
import { demoCommand } from './demo.ts';
import { deployCommand } from './deploy.ts';
import { doctorCommand } from './doctor.ts';
import { asSlipwayError, exitOf } from './exit.ts';
import { historyCommand } from './history.ts';
import { keysCommand } from './keys.ts';
import { logsCommand } from './logs.ts';
import { replayCommand } from './replay.ts';
import { painterFor } from './report/paint.ts';
import { showError, type Terminal } from './report/output.ts';
import { resumeCommand } from './resume.ts';
import { rollbackCommand } from './rollback.ts';
import { statusCommand } from './status.ts';
import { storeCommand } from './store.ts';
import { takeoverCommand } from './takeover.ts';
import { unquarantineCommand } from './unquarantine.ts';
import { upCommand } from './up.ts';
import { verifyCommand } from './verify.ts';

/** Every command there is, as the help lists them. */
const COMMANDS: Readonly<Record<string, readonly CommandFactory[]>> = {
  'Run a platform:': [upCommand, demoCommand, doctorCommand],
  'Carry a change:': [checkCommand, deployCommand, rollbackCommand],
  'See what goes on:': [statusCommand, historyCommand, logsCommand],
  'Step in:': [abortCommand, takeoverCommand, resumeCommand, unquarantineCommand],
  'Prove it:': [verifyCommand, replayCommand, keysCommand, storeCommand],
};

/**
 * Runs one command line. Never throws: what goes wrong is said as {@link showError} says it.
 * @param args what stands after `slipway`
 * @returns the exit code
 */
export async function runProgram(
  args: readonly string[],
  terminal: Terminal,
  open: OpenContext = openContext,
): Promise<number> {
  const json = args.includes('--json');
  let exitCode = 0;
  const cli: Cli = {
    action:
      (work) =>
      async (...given) => {
        const options = given.at(-2) as CommonOptions;
        const context = open(terminal, options);
        try {
          exitCode = await work(context, options as never, ...(given.slice(0, -2) as never));
        } catch (error) {
          context.logger.debug({ err: error }, 'command failed');
          throw error;
        } finally {
          await context.close();
        }
      },
  };
  try {
    await createProgram(cli, terminal).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const failure = error instanceof CommanderError ? usageError(error, args[0]) : asSlipwayError(error);
    showError(terminal, json, failure);
    return exitOf(failure);
  }
}

function createProgram(cli: Cli, terminal: Terminal): Command {
  const paint = painterFor(terminal.stdout, terminal.env);
  const program = new Command('slipway')
    .description(
      'Carries a change into production and back out again: seven stages, in order, provable and reversible.',
    )
    .usage('<command> [options]')
    .addHelpText('after', '\nslipway <command> --help tells more, with an example.')
    .helpCommand(false)
    .configureHelp({
      styleTitle: (title) => paint('bold', title),
      subcommandTerm: (sub) => [sub.name(), ...sub.registeredArguments.map(termOf)].join(' '),
    })
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: () => {}, // said by showError, once and in one form
      getOutHasColors: () => true, // the painter has decided
    })
    .exitOverride();
  for (const [heading, factories] of Object.entries(COMMANDS)) {
    program.commandsGroup(heading);
    for (const create of factories) {
      const added = create(cli).copyInheritedSettings(program);
      for (const part of added.commands) part.copyInheritedSettings(added);
      program.addCommand(added);
    }
  }
  return program;
}

function termOf(argument: Argument): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}

/** Commander's words, and where to read on. */
function usageError({ code, message }: CommanderError, command = ''): SlipwayError {
  const isKnown = code !== 'commander.unknownCommand' && /^[a-z]+$/.test(command);
  const wrong =
    code === 'commander.help' ? 'no command was given' : message.replace(/^error: /, '').replace(/\n/g, ' ');
  return new SlipwayError('USAGE', `${wrong}; see slipway ${isKnown ? `${command} ` : ''}--help`);
}
