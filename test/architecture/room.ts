/** What an entry of layers.ts is made of. */

/** A part of src/ with one purpose. */
export type Room = {
  /** What other rooms call it. */
  readonly name: string;
  /** Path prefixes under src/, `*` for any folder; one that ends in `.ts` is one file. The longest that matches decides. */
  readonly paths: readonly string[];
  readonly purpose: string;
  /** Rooms it may import besides itself. */
  readonly mayImport: readonly string[];
  /** Rooms of which it may import types alone. */
  readonly mayImportTypesOf?: readonly string[];
  /** Built-in modules; `all` for those that have effects. */
  readonly builtins: 'all' | readonly string[];
  /** npm packages, each with the files of the room that may import it (a pattern on the path under src/). */
  readonly packages: Readonly<Record<string, RegExp>>;
  /** Globals and members of globals that are out of reach here. Source: design, the house. */
  readonly withoutGlobals: readonly string[];
  /** Whether its folders are strangers to each other, as sources are. */
  readonly foldersApart?: boolean;
};

/** The clock, chance, timers, the terminal and the network: what a pure room has through its arguments or not at all. */
export const EFFECTS = [
  'process',
  'console',
  'fetch',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'Date.now',
  'new Date()',
  'Math.random',
  'crypto',
];
/** What every room may import. */
export const GROUND = 'core ground';
export const ANY_FILE = /./;
export const SCHEMA_FILE = /(^|\/|-)schema\.ts$/;
export const ZOD_IN_SCHEMAS = { 'zod/mini': SCHEMA_FILE };
