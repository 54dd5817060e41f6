import { Command } from 'commander';
import type { CommandFactory } from './command.ts';
import { copyStoreCommand } from './store/copy.ts';

/** The artifact store itself. */
export const storeCommand: CommandFactory = (cli) => {
  const store = new Command('store')
    .description('Copy releases with all that is known of them, between folders and registries')
    .addHelpText('after', '\nExample:\n  $ slipway store copy .slipway/store https://registry.example/team storefront')
    .helpCommand(false);
  store.addCommand(copyStoreCommand(cli));
  return store;
};
