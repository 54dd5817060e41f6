import { once } from 'node:events';
import { command, type CommandFactory } from './command.ts';

/** Starts the platform and stays in the foreground until it is told to stop. */
export const upCommand: CommandFactory = (cli) =>
  command('up', 'Start server, workers and runtime, until Ctrl-C', 'up')
    .addHelpText('after', '\nStays in the foreground; says ready on stdout when all is. Ctrl-C stops everything again.')
    .action(
      cli.action<object, []>(async (context) => {
        const { output, env, logger } = context;
        const loaded = await context.platform();
        const signal = context.interruption();
        // npm passes on the Ctrl-C that the terminal sent us already: a second one must not leave instances behind.
        for (const again of ['SIGINT', 'SIGTERM'] as const) process.on(again, () => {});
        const { startPlatform } = await import('../up/up.ts');
        try {
          const platform = await startPlatform({ loaded, env, logger, report: output.tell, signal });
          const { location, ui, readyLine } = platform;
          output.answer({ ready: { address: location.address, namespace: location.namespace, ui } }, () => [readyLine]);
          try {
            if (!signal.aborted) await once(signal, 'abort');
            output.tell('Stopping');
          } finally {
            await platform.close();
          }
        } catch (error) {
          if (!signal.aborted) throw error;
        }
        return 0;
      }),
    );
