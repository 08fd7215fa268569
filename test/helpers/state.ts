/** What a state directory or a store in PostgreSQL holds, byte by byte and row by row. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { readSettings } from '../../src/store/postgres/settings.ts';
import { lookAtStore } from '../../src/store/sqlite/database.ts';
import { isStoreUrl } from '../../src/store/store-url.ts';

const TABLES = ['jobs', 'rows_files', 'units', 'unit_data', 'unit_events', 'leases', 'audit', 'audit_heads'] as const;

export type Row = Readonly<Record<string, unknown>>;
export type Tables = Readonly<Record<(typeof TABLES)[number], readonly Row[]>>;

/** Every file and directory below a directory with its mode and digest; of the log's index only that it is there. */
export function hashFiles(directory: string): Readonly<Record<string, string>> {
  if (!existsSync(directory)) return { '.': 'missing' };
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return Object.fromEntries(['.', ...names].sort().map((name) => [name, describeFile(join(directory, name))]));
}

function describeFile(path: string): string {
  const stats = lstatSync(path);
  const mode = stats.mode.toString(8);
  // Readers leave their marks in the index of the log; it is rebuilt from the log whenever it is not trusted.
  if (!stats.isFile() || path.endsWith('-shm')) return mode;
  return `${mode} ${stats.size} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
}

/** Every row of every table, read from a copy: the store itself is not even opened. */
export function readTables(stateDirectory: string): Tables {
  if (isStoreUrl(stateDirectory)) return readPostgresTables(stateDirectory);
  const copy = mkdtempSync(join(tmpdir(), 'salvor-copy-'));
  try {
    for (const name of ['salvor.db', 'salvor.db-wal']) {
      if (existsSync(join(stateDirectory, name))) copyFileSync(join(stateDirectory, name), join(copy, name));
    }
    const database = new DatabaseSync(join(copy, 'salvor.db'));
    try {
      const integrity = database.prepare('PRAGMA integrity_check').get();
      if (integrity?.['integrity_check'] !== 'ok')
        throw new Error(`the store is damaged: ${JSON.stringify(integrity)}`);
      const read = (table: string) => database.prepare(`SELECT * FROM ${table}`).all();
      return Object.fromEntries(TABLES.map((table) => [table, read(table)])) as unknown as Tables;
    } finally {
      database.close();
    }
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** Rows of a store that may be in use, read without changing it. */
export function queryStore(stateDirectory: string, sql: string, ...values: readonly SQLInputValue[]): readonly Row[] {
  if (isStoreUrl(stateDirectory)) return queryPostgres(stateDirectory, sql, values);
  return lookAtStore(stateDirectory, (database) => database.prepare(sql).all(...values)) ?? [];
}

function readPostgresTables(url: string): Tables {
  const parts = TABLES.map((table) => `'${table}', (SELECT coalesce(json_agg(t ORDER BY t), '[]') FROM ${table} t)`);
  const [row] = queryPostgres(url, `SELECT json_build_object(${parts.join(', ')}) AS tables`, []);
  return row?.['tables'] as Tables;
}

/** Asks at once, as the other engine is asked; an empty store has no tables yet. */
function queryPostgres(url: string, sql: string, values: readonly SQLInputValue[]): readonly Row[] {
  const literals = values.map((value) => `'${String(value).replaceAll("'", "''")}'`);
  const text = sql.replaceAll('?', () => literals.shift() ?? 'NULL');
  const { schema } = readSettings(url, {});
  const setting = `SET search_path TO "${schema}"`;
  const query = `SELECT coalesce(json_agg(answer), '[]') FROM (${text}) AS answer`;
  return JSON.parse(execFileSync('psql', [url, '-XqAt', '-c', setting, '-c', query], { encoding: 'utf8' })) as Row[];
}

/** Changes a store behind Salvor's back; answers how many rows were changed. */
export function alterStore(stateDirectory: string, sql: string, ...values: readonly SQLInputValue[]): number {
  const database = new DatabaseSync(join(stateDirectory, 'salvor.db'), { timeout: 20_000 });
  try {
    return Number(database.prepare(sql).run(...values).changes);
  } finally {
    database.close();
  }
}
