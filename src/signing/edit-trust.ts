import { isMap, isScalar, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';

/** A field of a key's entry, as it is written. */
export type Fields = Readonly<Record<string, string | readonly string[]>>;

/** What becomes of a trust policy: entries are added, and fields of entries set; nothing is ever taken away. */
export interface TrustEdit {
  readonly added: readonly Fields[];
  /** By the entry's name. */
  readonly changed: Readonly<Record<string, Fields>>;
}

/**
 * The text with the edit made in it. Every other byte stays as a person wrote it: comments, blanks, order, quotes. Null
 * where the file is written in a way that this cannot follow (aliases). Pure.
 * @param at keys that lead to the list
 */
export function editTrust(text: string, at: readonly string[], { added, changed }: TrustEdit): string | null {
  const document = parseDocument(text, { uniqueKeys: false });
  const list = document.getIn(at);
  const parent = document.getIn(at.slice(0, -1), true) ?? document.contents;
  if (!isSeq(list) || list.range === null || list.range === undefined) return null;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';

  // Of two at one place, the first stands below the second.
  const splices: Splice[] = [];
  if (added.length > 0) {
    const intoBlock = !isMap(parent) || parent.flow !== true;
    splices.push(addingTo(text, list, added, intoBlock, eol));
  }
  for (const [name, fields] of Object.entries(changed)) {
    const entry = list.items.find((item) => isMap(item) && item.get('name') === name);
    if (!isMap(entry)) return null;
    splices.push(...settingIn(text, entry, fields, eol));
  }
  return splices
    .toSorted((a, b) => b.from - a.from)
    .reduce((done, { from, to, by }) => done.slice(0, from) + by + done.slice(to), text);
}

interface Splice {
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

function addingTo(text: string, list: YAMLSeq, added: readonly Fields[], intoBlock: boolean, eol: string): Splice {
  const [start = 0, end = 0] = list.range ?? [];
  if (list.flow === true && (list.items.length > 0 || !intoBlock)) {
    const entries = added.map((fields) => `{ ${pairsOf(fields).join(', ')} }`).join(', ');
    return beforeBracket(text, end, entries, list.items.length > 0);
  }
  const isEmpty = list.flow === true;
  const line = lineOf(text, start);
  const indent = ' '.repeat(isEmpty ? text.slice(line).search(/[^ ]|$/) + 2 : start - line);
  const blocks = added.map((fields) => `${indent}- ${pairsOf(fields).join(`${eol}${indent}  `)}`).join(eol);
  if (isEmpty) return { from: withoutBlanksBefore(text, start), to: end, by: `${eol}${blocks}` };
  return lineAfter(text, list, blocks, eol);
}

function settingIn(text: string, entry: YAMLMap, fields: Fields, eol: string): Splice[] {
  const splices: Splice[] = [];
  const fresh: [string, string | readonly string[]][] = [];
  for (const [key, value] of Object.entries(fields)) {
    const node = entry.get(key, true);
    if (node === undefined) fresh.push([key, value]);
    else splices.push({ from: node.range?.[0] ?? 0, to: node.range?.[1] ?? 0, by: written(key, value) });
  }
  if (fresh.length === 0) return splices;
  const pairs = pairsOf(Object.fromEntries(fresh));
  if (entry.flow === true) {
    return [...splices, beforeBracket(text, entry.range?.[1] ?? 0, pairs.join(', '), true)];
  }
  const place = startOf(entry.items[0]?.key);
  const indent = ' '.repeat(place - lineOf(text, place));
  return [...splices, lineAfter(text, entry, pairs.map((pair) => indent + pair).join(eol), eol)];
}

function pairsOf(fields: Fields): readonly string[] {
  return Object.entries(fields).map(([key, value]) => `${key}: ${written(key, value)}`);
}

/** What people say is quoted, as JSON is YAML; names, keys and times need no quotes. */
function written(key: string, value: string | readonly string[]): string {
  if (typeof value !== 'string') return `[${value.join(', ')}]`;
  return ['by', 'revokedBy', 'reason'].includes(key) ? JSON.stringify(value) : value;
}

/** Lines put in below the one that a node ends on, with the comment that stands there. */
function lineAfter(text: string, node: unknown, lines: string, eol: string): Splice {
  const end = endOf(node);
  const at = text[end - 1] === '\n' ? end : text.indexOf('\n', end) + 1;
  if (at > 0) return { from: at, to: at, by: `${lines}${eol}` };
  return { from: text.length, to: text.length, by: `${eol}${lines}${eol}` };
}

/** Where the last thing in a node ends: that of a block collection counts the lines below it as well. */
function endOf(node: unknown): number {
  if ((isMap(node) || isSeq(node)) && node.flow !== true) {
    const last: unknown = node.items.at(-1);
    if (isSeq(node)) return endOf(last);
    const { key, value } = (last ?? {}) as { readonly key?: unknown; readonly value?: unknown };
    return isScalar(value) && value.source === '' ? endOf(key) : endOf(value ?? key);
  }
  return (node as { readonly range?: readonly number[] } | undefined)?.range?.[1] ?? 0;
}

function startOf(node: unknown): number {
  return (node as { readonly range?: readonly number[] } | undefined)?.range?.[0] ?? 0;
}

function lineOf(text: string, place: number): number {
  return text.lastIndexOf('\n', place - 1) + 1;
}

function beforeBracket(text: string, end: number, by: string, follows: boolean): Splice {
  const at = withoutBlanksBefore(text, end - 1);
  const comma = follows && text[at - 1] !== ',' ? ',' : '';
  return { from: at, to: at, by: `${comma}${follows ? ' ' : ''}${by}` };
}

function withoutBlanksBefore(text: string, place: number): number {
  return text.slice(0, place).trimEnd().length;
}
