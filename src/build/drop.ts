/**
 * The command as a user without any rights. The shell stays behind as the first process of its namespace: changing
 * the user clears the order to die with the parent, and when the first process dies so does all of its namespace.
 */
export function asOtherUser(uid: number, command: readonly string[]): readonly string[] {
  const user = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  const rights = ['--inh-caps=-all', '--bounding-set=-all', '--no-new-privs'];
  // `exit` is there so that the shell does not become the command.
  return ['sh', '-c', '"$@"; exit $?', 'init', 'setpriv', ...user, ...rights, ...command];
}
