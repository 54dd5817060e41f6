import { Command } from 'commander';
import type { CommandFactory } from './command.ts';
import { createKeysCommand } from './keys/create.ts';
import { listKeysCommand } from './keys/list.ts';
import { revokeKeyCommand } from './keys/revoke.ts';
import { rotateKeyCommand } from './keys/rotate.ts';

/** The keys by which evidence is signed, and whose signatures count. */
export const keysCommand: CommandFactory = (cli) => {
  const keys = new Command('keys')
    .description('Make, list, rotate and revoke the keys that sign evidence')
    .addHelpText('after', '\nExample:\n  $ slipway keys list')
    .helpCommand(false);
  for (const create of [createKeysCommand, listKeysCommand, rotateKeyCommand, revokeKeyCommand]) {
    keys.addCommand(create(cli));
  }
  return keys;
};
