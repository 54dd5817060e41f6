import { runProgram } from './program.ts';

/** `bin/slipway.js` imports this file: it is the command line. */
const { stdout, stderr, env } = process;

// A reader that has seen enough (`slipway history … | head`) is no error.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const exitCode = await runProgram(process.argv.slice(2), { stdout, stderr, env });
// What was begun and given up (a fetch, a connection) must not keep the process from ending.
stdout.write('', () => process.exit(exitCode));
