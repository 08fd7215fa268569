import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync } from 'rolldown/utils';

/** One import, re-export or dynamic import of a module. */
export type Import = {
  readonly specifier: string;
  readonly how: 'value' | 'type' | 'dynamic';
  readonly line: number;
};

/** One exported name; `documented` when a docstring stands right above its declaration. */
export type Export = {
  readonly name: string;
  readonly documented: boolean;
  readonly reExport: boolean;
  readonly line: number;
};

/** A source file as the rules see it; `file` is its path under the folder, with `/`. */
export type Module = {
  readonly file: string;
  readonly lineCount: number;
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
  /** Globals used, members of `Date` and `Math` and an argumentless `new Date()` by their full name. */
  readonly globals: readonly { readonly name: string; readonly line: number }[];
};

type Node = { readonly type: string; readonly start: number; readonly end: number; readonly [key: string]: unknown };
type Parsed = ReturnType<typeof parseSync>;

/** Every `.ts` and `.tsx` file under a folder, in order of its path. Errors: throws on a file that does not parse. */
export function readModules(folder: string): readonly Module[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(path.sep).join('/'))
    .filter((file) => /\.tsx?$/.test(file))
    .sort()
    .map((file) => parseOnce(file, readFileSync(path.join(folder, file), 'utf8')));
}

const parsedModules = new Map<string, Module>();

/** The rules are tried on many copies of src that differ in one file. */
function parseOnce(file: string, text: string): Module {
  const key = `${file}\0${text}`;
  const module = parsedModules.get(key) ?? parseModule(file, text);
  parsedModules.set(key, module);
  return module;
}

/** What one source text imports, exports and reaches for. Errors: throws when it does not parse. */
export function parseModule(file: string, text: string): Module {
  const parsed = parseSync(file, text);
  if (parsed.errors.length > 0) throw new Error(`${file}: ${parsed.errors[0]?.message ?? 'does not parse'}`);
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  const nodes = [...walk(parsed.program as unknown as Node)];
  return {
    file,
    lineCount: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    imports: [...listStatic(parsed), ...listDynamic(nodes)].map(({ start, ...rest }) => ({
      ...rest,
      line: lineAt(start),
    })),
    exports: listExports(parsed, text).map(({ start, ...rest }) => ({ ...rest, line: lineAt(start) })),
    globals: nodes.flatMap((node) => {
      const name = describeGlobal(node);
      return name === undefined ? [] : [{ name, line: lineAt(node.start) }];
    }),
  };
}

function* walk(value: unknown): Generator<Node> {
  if (Array.isArray(value)) {
    for (const item of value) yield* walk(item);
  } else if (typeof value === 'object' && value !== null) {
    if (typeof (value as Node).type === 'string') yield value as Node;
    for (const child of Object.values(value)) yield* walk(child);
  }
}

function listStatic({ module }: Parsed) {
  const imports = module.staticImports.map(({ moduleRequest, entries, start }) => ({
    specifier: moduleRequest.value,
    how: entries.length > 0 && entries.every((entry) => entry.isType) ? ('type' as const) : ('value' as const),
    start,
  }));
  const reExports = module.staticExports.flatMap(({ entries, start }) =>
    entries.flatMap(({ moduleRequest, isType }) =>
      moduleRequest === null
        ? []
        : [{ specifier: moduleRequest.value, how: isType ? ('type' as const) : ('value' as const), start }],
    ),
  );
  return [...imports, ...reExports];
}

/** `import(x)` and the type `import('x').T`; one whose argument is not a plain string is reported as `<computed>`. */
function listDynamic(nodes: readonly Node[]) {
  return nodes.flatMap((node) => {
    if (node.type !== 'ImportExpression' && node.type !== 'TSImportType') return [];
    const source = node['source'] as Node & { readonly value?: unknown };
    const specifier = typeof source.value === 'string' ? source.value : '<computed>';
    return [
      { specifier, how: node.type === 'TSImportType' ? ('type' as const) : ('dynamic' as const), start: node.start },
    ];
  });
}

function listExports({ module, comments }: Parsed, text: string) {
  const docEnds = comments.filter(({ type, value }) => type === 'Block' && value.startsWith('*')).map(({ end }) => end);
  return module.staticExports.flatMap(({ start, entries }) => {
    const documented = docEnds.some((end) => end <= start && /^\s*$/.test(text.slice(end, start)));
    return entries.map(({ exportName, moduleRequest }) => ({
      name: exportName.name ?? (exportName.kind === 'Default' ? 'default' : '*'),
      documented,
      reExport: moduleRequest !== null,
      start,
    }));
  });
}

/** The global a node reaches for, as `process` or `Date.now`; a name used as a key or member of something else is none. */
function describeGlobal(node: Node): string | undefined {
  if (node.type === 'NewExpression' && nameOf(node['callee']) === 'Date') {
    return (node['arguments'] as readonly unknown[]).length === 0 ? 'new Date()' : undefined;
  }
  if (node.type === 'CallExpression') return nameOf(node['callee']);
  if (node.type !== 'MemberExpression') return undefined;
  const object = nameOf(node['object']);
  if (object !== 'Date' && object !== 'Math') return object;
  return `${object}.${nameOf(node['property']) ?? '?'}`;
}

function nameOf(node: unknown): string | undefined {
  const { type, name } = node as Node & { readonly name?: string };
  return type === 'Identifier' ? name : undefined;
}
