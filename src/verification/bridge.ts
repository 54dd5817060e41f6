/** What a bridge joins: it listens at one end and forwards each connection to the other. */
export interface Bridge {
  readonly listen: BridgeEnd;
  readonly connect: BridgeEnd;
  /** The variable that tells the command the URL of `listen`. */
  readonly urlIn?: string;
  readonly command: readonly string[];
}

/** A Unix socket or a TCP port; to listen at port 0 is to listen at any that is free. */
export type BridgeEnd = { readonly path: string } | { readonly host: string; readonly port: number };

export const LOOPBACK = '127.0.0.1';

/**
 * The command with a bridge beside it, for the inside of a sandbox, whose network ends at its own loopback: a Unix
 * socket in a shared folder leads in, or out. Ends as the command ends. It is passed to the `node` in the sandbox as
 * text, so that nothing has to be shared for it.
 */
export function withBridge(bridge: Bridge): readonly string[] {
  return ['node', '--input-type=commonjs', '-e', SCRIPT, JSON.stringify(bridge)];
}

const SCRIPT = `
const { createServer, connect } = require('node:net');
const { spawn } = require('node:child_process');
const bridge = JSON.parse(process.argv[1]);

const server = createServer({ allowHalfOpen: true }, (near) => {
  const far = connect({ ...bridge.connect, allowHalfOpen: true });
  for (const [one, other] of [[near, far], [far, near]]) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
    one.pipe(other);
  }
});

server.listen(bridge.listen, () => {
  if (bridge.urlIn) process.env[bridge.urlIn] = 'http://127.0.0.1:' + server.address().port;
  const [program, ...args] = bridge.command;
  const child = spawn(program, args, { stdio: 'inherit' });
  child.on('error', (error) => { console.error(error.message); process.exit(127); });
  child.on('exit', (code, signal) => {
    if (signal) console.error('ended by ' + signal);
    process.exit(code ?? 128 + require('node:os').constants.signals[signal]);
  });
});
`;
