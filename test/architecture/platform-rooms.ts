/** The rooms of src/platform. */
import { EFFECTS, GROUND, type Room, ZOD_IN_SCHEMAS } from './room.ts';

export const FILES = 'platform/files';
const EXACT_JSON = 'platform/exact-json';
const CHECKPOINT_FORMATS = 'platform/checkpoint-formats';
const CHECKPOINT_STORES = 'platform/checkpoint-stores';
const CHECKPOINT_DOOR = 'platform/checkpoints';
const CHECKPOINTS = [FILES, EXACT_JSON, CHECKPOINT_FORMATS, CHECKPOINT_STORES, CHECKPOINT_DOOR];
/** Effects without judgement, and what is made of them. */
export const PLATFORM = ['platform', ...CHECKPOINTS];

/** Makes them for a core of these rooms. */
export function makePlatformRooms(core: readonly string[]): readonly Room[] {
  return [
    {
      name: 'platform',
      paths: ['platform/'],
      purpose: 'effects without judgement',
      mayImport: [...core, FILES, EXACT_JSON],
      builtins: 'all',
      packages: ZOD_IN_SCHEMAS,
      withoutGlobals: [],
    },
    {
      name: FILES,
      paths: ['platform/files/'],
      purpose: 'files: opened without waiting, read in pieces, written whole',
      mayImport: [GROUND, 'core/checkpoint', 'platform'],
      builtins: 'all',
      packages: {},
      withoutGlobals: [],
    },
    {
      name: EXACT_JSON,
      paths: ['platform/exact-json/'],
      purpose: 'JSON in which no value changes: checked as its bytes come, read and written exactly',
      mayImport: [GROUND, 'core/checkpoint'],
      builtins: ['node:buffer'],
      packages: {},
      withoutGlobals: EFFECTS,
    },
    {
      name: CHECKPOINT_FORMATS,
      paths: ['platform/checkpoint-formats/'],
      purpose: 'formats of checkpoints: whether bytes are of one, what they say, what is wrong with them',
      // Files are reached through the port that is handed in: a format can change none.
      mayImport: [GROUND, 'core/checkpoint', FILES, EXACT_JSON],
      builtins: ['node:crypto'],
      packages: {},
      withoutGlobals: EFFECTS,
      foldersApart: true,
    },
    {
      name: CHECKPOINT_STORES,
      paths: ['platform/checkpoint-stores/'],
      purpose: 'places that keep checkpoints, of whatever format they are handed',
      mayImport: [GROUND, 'core/checkpoint', 'platform', FILES],
      builtins: 'all',
      packages: {},
      withoutGlobals: [],
      foldersApart: true,
    },
    {
      name: CHECKPOINT_DOOR,
      paths: ['platform/checkpoints/'],
      purpose: 'the registries of formats and stores, a line for each',
      mayImport: ['core/checkpoint', CHECKPOINT_FORMATS, CHECKPOINT_STORES],
      builtins: [],
      packages: {},
      withoutGlobals: [],
    },
  ];
}
