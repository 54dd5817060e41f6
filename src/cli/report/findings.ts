import type { Finding } from '../../up/doctor/finding.ts';
import { harmless, type Paint } from './paint.ts';
import { table } from './table.ts';

/** What the doctor found, one line each, and beneath a bad one what to do. */
export function describeFindings(findings: readonly Finding[], paint: Paint): readonly string[] {
  const rows = table(findings.map(({ what, state, found }) => [markOf(state, paint), what, firstLine(found)]));
  return findings.flatMap(({ mend }, index) => [rows[index] ?? '', ...(mend === null ? [] : [`     → ${mend}`])]);
}

function markOf(state: Finding['state'], paint: Paint): string {
  switch (state) {
    case 'good':
      return paint('green', '✓');
    case 'warning':
      return paint('yellow', '!');
    case 'bad':
      return paint('red', '✗');
  }
}

function firstLine(text: string): string {
  return harmless(text).split('\n')[0] ?? '';
}
