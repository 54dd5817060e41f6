/** One thing that the contract says: every line of it but titles, and lines that only introduce others. */
export interface Statement {
  /** `§5` */
  readonly clause: string;
  readonly text: string;
}

/** Reads the statements of the contract's numbered clauses, in order. */
export function statementsOf(contract: string): Statement[] {
  const statements: Statement[] = [];
  let clause = '';
  for (const line of contract.split('\n').map((each) => each.trim())) {
    const [, number] = /^## (\d+)\. /.exec(line) ?? [];
    if (number !== undefined) clause = `§${number}`;
    const isStatement = line !== '' && !line.startsWith('#') && !line.endsWith(':') && line !== 'End of document';
    if (isStatement && clause !== '') statements.push({ clause, text: line.replace(/^- /, '').replace(/[.,]$/, '') });
  }
  return statements;
}
