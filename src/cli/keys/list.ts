import { listKeys, type ListedKey } from '../../signing/list.ts';
import { command, type CommandFactory } from '../command.ts';
import type { Paint } from '../report/paint.ts';
import { table } from '../report/table.ts';
import { when } from '../report/time.ts';

/** The trust policy: each public key, what it may sign, and whether its private half is here. */
export const listKeysCommand: CommandFactory = (cli) =>
  command('list', 'Show whose signatures count, and which private keys are here', 'keys list').action(
    cli.action<object, []>(async (context) => {
      const listed = await listKeys({ loaded: await context.platform(), env: context.env, now: new Date() });
      context.output.answer(listed, (paint) => describe(listed, paint));
      return 0;
    }),
  );

function describe({ keys, file, folder }: Awaited<ReturnType<typeof listKeys>>, paint: Paint): readonly string[] {
  if (file === null) return ['no trust policy: slipway up makes one, and so does slipway keys create'];
  const head = ['name', 'role', 'environments', 'key', 'from', 'until', 'revoked', 'private key'];
  const rows = table([head.map((word) => paint('dim', word)), ...keys.map((key) => rowOf(key, paint))]);
  return [...rows, '', `Policy: ${file}`, `Private keys: ${folder}`];
}

function rowOf(key: ListedKey, paint: Paint): readonly string[] {
  const revoked = key.revoked === null ? '-' : paint('red', when(key.revoked));
  return [
    key.invalid === null ? paint('green', key.name) : key.name,
    key.role,
    key.environments?.join(', ') ?? 'all',
    key.keyid.slice(0, 16),
    when(key.from),
    key.until === null ? '-' : when(key.until),
    revoked,
    key.here ? 'here' : 'not here',
  ];
}
