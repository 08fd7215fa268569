/** The rooms of the house, from the ground up, and what each may import. Rendered into docs/architecture.md. */
import { FILES, makePlatformRooms, PLATFORM } from './platform-rooms.ts';
import { ANY_FILE, EFFECTS, GROUND, type Room, SCHEMA_FILE, ZOD_IN_SCHEMAS } from './room.ts';

/** The console keeps timers for keys; what else it asks of the world comes with its options. */
const CONSOLE_EFFECTS = EFFECTS.filter((name) => !/^set/.test(name));

/** The stages of a recovery; each imports earlier ones only. Source: design, the flow. */
const STAGES = [
  ['job', 'what an operator recovers'],
  ['checkpoint', 'whether a checkpoint can be trusted'],
  ['evidence', 'everything read about a job'],
  ['diagnosis', 'verdict and findings'],
  ['plan', 'what a choice would do, and who agreed'],
  ['execution', 'steps carried out, each with a result'],
  ['report', 'what happened'],
] as const;

const PORTS = 'core/ports';
const SESSION = 'core/session';
const STAGE_ROOMS = STAGES.map(([name]) => `core/${name}`);
const VOCABULARY = 'core/families words';
const FAMILIES = 'core/families';
const CORE = [GROUND, ...STAGE_ROOMS, VOCABULARY, FAMILIES, PORTS, SESSION];
const STORE_DOOR = 'store/open-store';
const KINDS = 'runner/kinds';

/** Built-in modules that are out of reach but for some files, whatever their room: an engine is a matter of its dialect. */
export const BUILTINS_APART: Readonly<Record<string, RegExp>> = {
  // The lock of a checkpoint directory is SQLite's too; it is no store.
  'node:sqlite': /^store\/sqlite\/|^platform\/lock-file\.ts$/,
};

const stageRooms: readonly Room[] = STAGES.map(([name, purpose], index) => ({
  name: `core/${name}`,
  paths: [`core/${name}/`],
  purpose,
  // Ports name the types of every stage, so only what drives ports may look at them.
  mayImport: [GROUND, ...STAGE_ROOMS.slice(0, index), ...(name === 'execution' ? [PORTS] : [])],
  mayImportTypesOf: [VOCABULARY],
  builtins: [],
  packages: { 'zod/mini': name === 'job' ? ANY_FILE : SCHEMA_FILE },
  withoutGlobals: EFFECTS,
}));

/** Every room. Source: design, the house. */
export const ROOMS: readonly Room[] = [
  {
    name: GROUND,
    paths: ['core/errors.ts', 'core/digest.ts', 'core/find-nearest-name.ts'],
    purpose: 'errors for operators, fingerprints, nearest names',
    mayImport: [],
    builtins: ['node:crypto'],
    packages: {},
    withoutGlobals: EFFECTS,
  },
  ...stageRooms,
  {
    name: VOCABULARY,
    paths: ['core/families/vocabulary.ts', 'core/families/*/schema.ts'],
    purpose: 'what each family adds to evidence, findings, steps and warnings',
    mayImport: [],
    mayImportTypesOf: ['core/job', 'core/checkpoint', 'core/evidence'],
    builtins: [],
    packages: ZOD_IN_SCHEMAS,
    withoutGlobals: EFFECTS,
  },
  {
    name: FAMILIES,
    paths: ['core/families/'],
    purpose: 'families of jobs: how each is judged and what can be chosen for it; registry.ts has one line for each',
    mayImport: [GROUND, ...STAGE_ROOMS, VOCABULARY],
    builtins: [],
    packages: {},
    withoutGlobals: EFFECTS,
    foldersApart: true,
  },
  {
    name: PORTS,
    paths: ['core/ports.ts'],
    purpose: 'what the core asks of the world',
    mayImport: [GROUND, ...STAGE_ROOMS],
    builtins: [],
    packages: {},
    withoutGlobals: EFFECTS,
  },
  {
    name: SESSION,
    paths: ['core/session/'],
    purpose: 'the one conductor of the flow',
    mayImport: [GROUND, ...STAGE_ROOMS, FAMILIES, PORTS],
    builtins: [],
    packages: ZOD_IN_SCHEMAS,
    withoutGlobals: EFFECTS,
  },
  {
    name: 'present',
    paths: ['present/'],
    purpose: 'words, formats, rows, report text; makes foreign text safe',
    mayImport: CORE,
    builtins: [],
    packages: {},
    withoutGlobals: EFFECTS,
  },
  ...makePlatformRooms(CORE),
  {
    name: 'checkpoint',
    paths: ['checkpoint.ts'],
    purpose: 'checkpoints as a library: the public entry for training loops',
    mayImport: [GROUND, 'core/checkpoint', ...PLATFORM],
    builtins: [],
    packages: {},
    withoutGlobals: [],
  },
  {
    name: 'store',
    paths: ['store/'],
    purpose: 'the job store as a port: its verbs, and what is the same for every engine',
    mayImport: [...CORE, 'platform', FILES],
    builtins: 'all',
    packages: ZOD_IN_SCHEMAS,
    withoutGlobals: [],
  },
  {
    name: 'store/sqlite',
    paths: ['store/sqlite/'],
    purpose: 'the store in a state directory',
    mayImport: [...CORE, 'platform', FILES, 'store'],
    builtins: 'all',
    packages: ZOD_IN_SCHEMAS,
    withoutGlobals: [],
  },
  {
    name: 'store/postgres',
    paths: ['store/postgres/'],
    purpose: 'the store in a database that hosts share',
    mayImport: [...CORE, 'platform', FILES, 'store'],
    builtins: 'all',
    packages: { ...ZOD_IN_SCHEMAS, pg: ANY_FILE },
    withoutGlobals: [],
  },
  {
    name: STORE_DOOR,
    paths: ['store/open-store.ts'],
    purpose: 'opens the store of a place; nobody else knows which engines there are',
    mayImport: ['store', 'store/sqlite', 'store/postgres'],
    builtins: [],
    packages: {},
    withoutGlobals: [],
  },
  {
    name: 'sources',
    paths: ['sources/'],
    purpose: 'where jobs come from',
    mayImport: [...CORE, ...PLATFORM, 'store', STORE_DOOR, KINDS],
    mayImportTypesOf: ['runner'],
    builtins: 'all',
    packages: { ...ZOD_IN_SCHEMAS, execa: ANY_FILE },
    withoutGlobals: [],
    foldersApart: true,
  },
  {
    name: 'runner',
    paths: ['runner/'],
    purpose: 'starts and runs jobs durably, whatever kind they are of',
    mayImport: [...CORE, 'platform', FILES, 'store', KINDS, 'runner/engines'],
    builtins: 'all',
    packages: { ...ZOD_IN_SCHEMAS, yaml: ANY_FILE },
    withoutGlobals: [],
  },
  {
    name: KINDS,
    paths: [
      'runner/kinds/registry.ts',
      'runner/kinds/kind.ts',
      'runner/kinds/spec-fields.ts',
      'runner/kinds/*/kind.ts',
    ],
    purpose: 'kinds of jobs as rows, and what lists need of them; the rest of a kind is loaded when a job is run',
    mayImport: [GROUND, 'runner/kinds/<kind>'],
    mayImportTypesOf: [...CORE, 'platform', 'runner'],
    builtins: [],
    packages: {},
    withoutGlobals: EFFECTS,
  },
  {
    name: 'runner/kinds/<kind>',
    paths: ['runner/kinds/'],
    purpose: 'what a kind does with its jobs: job file, units, what is next, how it ends, what is written back',
    mayImport: [...CORE, 'platform', FILES, 'store', 'runner'],
    mayImportTypesOf: [KINDS, 'runner/engines'],
    builtins: 'all',
    packages: ZOD_IN_SCHEMAS,
    withoutGlobals: [],
    foldersApart: true,
  },
  {
    name: 'runner/engines',
    paths: ['runner/engines/'],
    purpose: 'carry units out; unit-program.ts is all that an engine knows of a job',
    mayImport: [...CORE, 'platform', 'runner'],
    builtins: 'all',
    packages: {},
    withoutGlobals: [],
    foldersApart: true,
  },
  {
    name: 'ui/terminal',
    paths: ['ui/terminal/'],
    purpose: 'the streams between a terminal and Ink',
    mayImport: ['ui', 'core/session', GROUND, 'present'],
    mayImportTypesOf: CORE,
    builtins: ['node:events', 'node:stream'],
    packages: { ink: ANY_FILE, react: ANY_FILE },
    withoutGlobals: CONSOLE_EFFECTS,
  },
  {
    name: 'ui',
    paths: ['ui/'],
    purpose: 'the console',
    mayImport: ['ui/terminal', 'core/session', GROUND, 'present'],
    mayImportTypesOf: CORE,
    builtins: [],
    packages: {
      ink: ANY_FILE,
      'ink-select-input': ANY_FILE,
      react: ANY_FILE,
      'string-width': /^ui\/view\/text-width\.ts$/,
    },
    withoutGlobals: CONSOLE_EFFECTS,
  },
  {
    name: 'cli/interactive',
    paths: ['cli/interactive'],
    purpose: 'opens the console; loaded on demand',
    mayImport: [...CORE, 'present', ...PLATFORM, 'store', STORE_DOOR, 'sources', 'runner', 'ui', 'ui/terminal', 'cli'],
    builtins: 'all',
    packages: {},
    withoutGlobals: [],
  },
  {
    name: 'cli',
    paths: ['cli/'],
    purpose: 'commands; wires the ports',
    mayImport: [...CORE, 'present', ...PLATFORM, 'store', STORE_DOOR, 'sources', 'runner', KINDS, 'cli/interactive'],
    builtins: 'all',
    packages: { 'zod/mini': ANY_FILE, yaml: /^cli\/config/, execa: /^cli\/demo\// },
    withoutGlobals: [],
  },
];
