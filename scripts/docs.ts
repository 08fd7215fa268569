// Writes the generated blocks of the documentation from the source that decides; with --check it only compares.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '..');

/** One block between `<!-- generated:NAME -->` and `<!-- /generated:NAME -->` in a page. */
type Block = {
  readonly page: string;
  readonly name: string;
  readonly write: () => Promise<string>;
};

const BLOCKS: readonly Block[] = [
  {
    page: 'docs/architecture.md',
    name: 'layers',
    write: async () => {
      const { ROOMS } = await import('../test/architecture/layers.ts');
      const rows = ROOMS.map((room) => {
        const types = room.mayImportTypesOf ? [`types of ${room.mayImportTypesOf.join(', ')}`] : [];
        const packages = Object.keys(room.packages);
        return [
          room.name,
          room.purpose,
          [...room.mayImport, ...types].join(', ') || 'nothing',
          room.builtins === 'all' ? 'all' : room.builtins.join(', ') || 'none',
          packages.join(', ') || 'none',
        ];
      });
      return formatTable(['room', 'purpose', 'may import', 'built-in modules', 'packages'], rows);
    },
  },
  {
    page: 'docs/errors.md',
    name: 'errors',
    write: async () => {
      const { HINTS } = await import('../src/core/errors.ts');
      const { EXIT_CODES } = await importExitCodes();
      const rows = Object.entries(HINTS).map(([code, hint]) => [`\`${code}\``, String(EXIT_CODES[code]), hint]);
      return formatTable(['code', 'exit', 'what to do next'], rows);
    },
  },
  {
    page: 'README.md',
    name: 'exit-codes',
    write: async () => {
      const { EXIT_MEANINGS } = await importExitCodes();
      return formatTable(
        ['exit', 'meaning'],
        EXIT_MEANINGS.map(([exit, meaning]) => [exit, meaning]),
      );
    },
  },
  {
    page: 'docs/keys.md',
    name: 'keys',
    write: async () => {
      const { KEYMAP } = await import('../src/ui/keymap.ts');
      const rows = KEYMAP.map((row) => [
        row.keys.map((key) => `\`${key}\``).join(' '),
        row.label,
        row.screens.map((screen) => screen.replaceAll('_', ' ')).join(', '),
      ]);
      return formatTable(['keys', 'what it does', 'screens'], rows);
    },
  },
];

type ExitCodesModule = {
  readonly EXIT_CODES: Readonly<Record<string, number>>;
  /** Exit codes as shown (`0`, `130, 143`), with what they mean, in order. */
  readonly EXIT_MEANINGS: readonly (readonly [exit: string, meaning: string])[];
};

function importExitCodes(): Promise<ExitCodesModule> {
  return import(path.join(ROOT, 'src/cli/exit-codes.ts'));
}

/** A Markdown table; a `|` in a cell is escaped. */
function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The page with one block's content replaced. Errors: throws when the page has no such block. */
function replaceBlock(page: string, text: string, block: { readonly name: string; readonly content: string }): string {
  const open = `<!-- generated:${block.name} -->`;
  const close = `<!-- /generated:${block.name} -->`;
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start < 0 || end < start) throw new Error(`${page} has no block ${open} ... ${close}`);
  return `${text.slice(0, start)}${open}\n${block.content}\n${text.slice(end)}`;
}

/** Brings a block up to date, or says that it is not. */
async function refresh(block: Block, checkOnly: boolean): Promise<'current' | 'stale' | 'written'> {
  const file = path.join(ROOT, block.page);
  const before = await readFile(file, 'utf8');
  const after = replaceBlock(block.page, before, { name: block.name, content: await block.write() });
  if (after === before) return 'current';
  if (checkOnly) return 'stale';
  await writeFile(file, after);
  return 'written';
}

const checkOnly = process.argv.includes('--check');
for (const block of BLOCKS) {
  const state = await refresh(block, checkOnly);
  if (state === 'written') console.error(`${block.page}: ${block.name} written`);
  if (state === 'stale') {
    console.error(`${block.page}: ${block.name} is stale; npm run docs writes it`);
    process.exitCode = 1;
  }
}
