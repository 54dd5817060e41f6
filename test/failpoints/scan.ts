import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAst } from 'vitest/node';

/** One place where an effect is carried out. */
export interface EffectSite {
  /** The first argument: the effect's name, or null when it is not written out. */
  readonly name: string | null;
  readonly place: string;
  /** Whether its callback asks for the middle, and uses it. */
  readonly hasMiddle: boolean;
}

export interface Scan {
  readonly effects: readonly EffectSite[];
  /** What changes the world outside every effect: `file:line what`. */
  readonly bare: readonly string[];
  /** Entries of `allowed` and of `passedOn` that were needed. */
  readonly used: ReadonlySet<string>;
}

export interface Rules {
  /** `file function`: changes something that is no effect. */
  readonly allowed: ReadonlySet<string>;
  /** `file function`: what it does is its callers' to have in an effect; calling it counts as changing the world. */
  readonly passedOn: ReadonlySet<string>;
}

/** What of these modules only looks. Whatever is not named here changes something, so new functions of Node do too. */
const READING: Readonly<Record<string, readonly string[]>> = {
  fs: [
    'access',
    'constants',
    'createReadStream',
    'exists',
    'fstat',
    'lstat',
    'opendir',
    'read',
    'readdir',
    'readFile',
    'readlink',
    'realpath',
    'stat',
    'statfs',
    'close',
    'Stats',
  ],
  child_process: ['ChildProcess'],
};

/** Methods that change the world, whatever they are called on: file handles, servers, processes. */
const METHODS = new Set(['appendFile', 'chmod', 'kill', 'listen', 'truncate', 'writeFile', 'writev']);
/** A stable address's own method, which is an effect inside. */
const OWN = 'address.listen';

type Node = Readonly<Record<string, unknown>> & { readonly type: string; readonly start: number };

/** Scans all files of folders, paths from `root`. */
export async function scanFolders(root: string, folders: readonly string[], rules: Rules): Promise<Scan> {
  const scans: Scan[] = [];
  for (const folder of folders) {
    for (const name of (await readdir(join(root, folder), { recursive: true })).filter((file) =>
      file.endsWith('.ts'),
    )) {
      const file = join(folder, name);
      scans.push(scanSource(file, await readFile(join(root, file), 'utf8'), rules));
    }
  }
  return {
    effects: scans.flatMap((scan) => scan.effects),
    bare: scans.flatMap((scan) => scan.bare),
    used: new Set(scans.flatMap((scan) => [...scan.used])),
  };
}

/**
 * Finds the effects of one file, and what changes the world outside of them. Inside means: in the callback of `effect`
 * or `effectNow`, or in a function that is handed the middle of one, which nobody else has.
 */
export function scanSource(file: string, source: string, { allowed, passedOn }: Rules): Scan {
  const effects: EffectSite[] = [];
  const bare: string[] = [];
  const used = new Set<string>();
  const changing = new Map<string, string>();
  const program = parseAst(source, { lang: 'ts' }) as unknown as Node;
  const place = ({ start }: Node): string => `${file}:${source.slice(0, start).split('\n').length}`;

  for (const entry of passedOn) {
    const [where, name = ''] = entry.split(' ');
    if (where === file) changing.set(name, entry);
  }

  visit(program, []);
  return { effects, bare, used };

  function visit(node: Node, within: readonly Node[]): void {
    if (
      node.type === 'ImportDeclaration' ||
      node.type === 'ExportNamedDeclaration' ||
      node.type === 'ExportAllDeclaration'
    ) {
      if (typeof (node['source'] as Node | null)?.['value'] === 'string') return readImport(node);
    }
    // A module of ours that lies here is looked at by itself; of any other, nobody would know what it is.
    if (node.type === 'ImportExpression' && !isOurs(node)) judge(node, 'import()', within);
    if (node.type === 'CallExpression') look(node, within);
    if (node.type === 'Identifier' && changing.has(String(node['name'])) && isReference(node, within)) {
      const entry = changing.get(String(node['name'])) ?? '';
      if (!isReading(node, within)) {
        if (passedOn.has(entry)) used.add(entry);
        judge(node, String(node['name']), within);
      }
    }
    for (const child of childrenOf(node)) visit(child, [...within, node]);
  }

  function readImport(node: Node): void {
    if (node['importKind'] === 'type' || node['exportKind'] === 'type') return;
    const from = String((node['source'] as Node)['value']);
    const reading = READING[/^(?:node:)?(fs|child_process)(?:\/promises)?$/.exec(from)?.[1] ?? ''];
    const specifiers = (node['specifiers'] ?? []) as readonly Node[];
    for (const specifier of specifiers) {
      const imported = (specifier['imported'] as Node | undefined)?.['name'];
      const local = String((specifier['local'] as Node)['name']);
      const entry = `${join(file, '..', from)} ${String(imported)}`;
      if (passedOn.has(entry)) changing.set(local, entry);
      if (reading === undefined || specifier['importKind'] === 'type') continue;
      if (typeof imported !== 'string' || node.type !== 'ImportDeclaration') bare.push(`${place(node)} all of ${from}`);
      else if (!reading.includes(imported.replace(/Sync$/, ''))) changing.set(local, imported);
    }
    if (reading !== undefined && node.type === 'ExportAllDeclaration') bare.push(`${place(node)} all of ${from}`);
  }

  function look(call: Node, within: readonly Node[]): void {
    const callee = call['callee'] as Node;
    const [first, , work] = call['arguments'] as readonly (Node | undefined)[];
    if (callee.type === 'Identifier' && isEffect(callee)) {
      const name = first?.type === 'Literal' ? String(first['value']) : null;
      effects.push({ name, place: place(call), hasMiddle: work !== undefined && usesMiddle(work) });
    }
    if (callee.type !== 'MemberExpression') return;
    const method = String((callee['property'] as Node)['name']);
    const on = String((callee['object'] as Node)['name']);
    if (METHODS.has(method) && `${on}.${method}` !== OWN) judge(call, `.${method}`, within);
  }

  /** `within`: from the program down to what holds `node`. */
  function judge(node: Node, what: string, within: readonly Node[]): void {
    const functions = within.filter((outer) => isFunction(outer));
    if (functions.some((outer) => takesMiddle(outer) || isWorkOfEffect(outer, within))) return;
    const names = within.map((outer) => nameOf(outer)).filter((name) => name !== null);
    const entry = names.map((name) => `${file} ${name}`).find((name) => allowed.has(name) || passedOn.has(name));
    if (entry === undefined) bare.push(`${place(node)} ${what}`);
    else if (allowed.has(entry)) used.add(entry);
  }
}

const isEffect = (callee: Node): boolean => callee['name'] === 'effect' || callee['name'] === 'effectNow';

const isFunction = ({ type }: Node): boolean =>
  type === 'FunctionDeclaration' || type === 'FunctionExpression' || type === 'ArrowFunctionExpression';

const paramsOf = (node: Node): readonly Node[] => (node['params'] ?? []) as readonly Node[];

/** Its type says so: only an effect has one to give. */
function takesMiddle(node: Node): boolean {
  return paramsOf(node).some(
    (param) =>
      (
        ((param['typeAnnotation'] as Node | null)?.['typeAnnotation'] as Node | undefined)?.['typeName'] as
          | Node
          | undefined
      )?.['name'] === 'Midway',
  );
}

function isWorkOfEffect(node: Node, within: readonly Node[]): boolean {
  return within.some(
    (outer) =>
      outer.type === 'CallExpression' &&
      isEffect(outer['callee'] as Node) &&
      (outer['arguments'] as readonly Node[])[2] === node,
  );
}

function usesMiddle(work: Node): boolean {
  const midway = paramsOf(work)[0]?.['name'];
  return midway !== undefined && mentions(work['body'] as Node, midway);
}

function mentions(node: Node, name: unknown): boolean {
  return (
    (node.type === 'Identifier' && node['name'] === name) || childrenOf(node).some((child) => mentions(child, name))
  );
}

/** Not the name of a property, a parameter or a declaration. */
function isReference(node: Node, within: readonly Node[]): boolean {
  const parent = within.at(-1);
  if (parent === undefined) return false;
  if (parent.type === 'MemberExpression') return parent['object'] === node || parent['computed'] === true;
  if (parent.type === 'Property') return parent['value'] === node || parent['computed'] === true;
  if (parent.type.startsWith('TS') || parent.type === 'PropertyDefinition' || parent.type === 'MethodDefinition')
    return false;
  return !(isFunction(parent) && (parent['id'] === node || paramsOf(parent).includes(node)));
}

/** `open(path, 'r')`: opened to be read. */
function isReading(node: Node, within: readonly Node[]): boolean {
  const call = within.at(-1);
  if (call?.type !== 'CallExpression' || call['callee'] !== node || !/^open(Sync)?$/.test(String(node['name'])))
    return false;
  const flags = (call['arguments'] as readonly Node[])[1];
  return flags === undefined || flags['value'] === 'r';
}

function nameOf(node: Node): string | null {
  const named =
    node.type === 'FunctionDeclaration' || node.type === 'VariableDeclarator'
      ? node['id']
      : node.type === 'Property'
        ? node['key']
        : null;
  return ((named as Node | null)?.['name'] as string | undefined) ?? null;
}

function childrenOf(node: Node): readonly Node[] {
  return Object.values(node)
    .flat()
    .filter(
      (value): value is Node =>
        typeof value === 'object' && value !== null && typeof (value as Partial<Node>).type === 'string',
    );
}

/** Whether an import is of a module in the folders that are scanned, by a path that is written out. */
function isOurs(node: Node): boolean {
  const path = (node['source'] as Node | null)?.['value'];
  return typeof path === 'string' && path.startsWith('./');
}
