/** Every flag and command there is: parsing, help and completion are three readers of these tables. */

/** One flag. `value` names its argument; without it the flag is a switch. */
export type Flag = {
  readonly value?: string;
  readonly repeats?: true;
  readonly values?: readonly string[];
  readonly help: string;
};

/** Flags any command takes. */
export const GLOBAL_FLAGS = {
  state: { value: 'DIR', help: 'state directory (env SALVOR_STATE; default ./.salvor if present, else the XDG one)' },
  principal: { value: 'NAME', help: 'who acts (env SALVOR_PRINCIPAL; default local:<user>)' },
  policy: { value: 'FILE', help: 'access policy (env SALVOR_POLICY); a named one that is missing denies everything' },
  'read-only': { help: 'refuse every action' },
  config: { value: 'FILE', help: 'configuration file (YAML or JSON); flags and environment beat it' },
  // Which names there are says the registry of sources, loaded when one is asked for.
  source: { value: 'NAME', help: 'take targets for this source instead of detecting it' },
  'no-color': { help: 'no colour (also NO_COLOR)' },
  json: { help: 'answer in JSON on standard output' },
  help: { help: 'show this help' },
  version: { help: 'show the version' },
} as const satisfies Record<string, Flag>;

/** Flags of single commands. */
export const COMMAND_FLAGS = {
  choice: {
    value: 'CHOICE',
    values: ['resume', 'restart', 'stop', 'cancel', 'review', 'pause', 'rollback'],
    help: 'what to do with the jobs named; pause and rollback are for training control directories',
  },
  job: { value: 'ID|NAME', repeats: true, help: 'the job: an id, a unique id prefix, or a unique name' },
  all: {
    help: 'every job that needs it (--choice stop: every job that runs; list: every job there is; settle: every row in doubt or under review)',
  },
  yes: { help: 'confirm what would otherwise be asked' },
  'dry-run': { help: 'say what would happen and change nothing' },
  detach: { help: 'start in the background and return' },
  orphans: { value: 'wait|end', values: ['wait', 'end'], help: 'what to do with processes that outlived their runner' },
  'verify-again': { help: 'resume: ask the verify hook about rows under review as well' },
  grace: {
    value: 'DURATION',
    help: 'how long a living runner has to stop when its job is stopped or cancelled (default 30s)',
  },
  exec: {
    value: 'CMD',
    help: 'start the trainer with this command when a training job is resumed (config: resume_command)',
  },
  checkpoint: { value: 'PATH|primary|fallback', help: 'the checkpoint a rollback goes back to' },
  reason: { value: 'TEXT', help: 'why; kept in the audit chain' },
  kind: { value: 'KIND', values: ['batch', 'workflow', 'training'], help: 'only jobs of this kind' },
  verdict: {
    value: 'VERDICT',
    values: [
      ...['alive', 'stalled', 'interrupted', 'paused', 'failed', 'finished', 'cancelled', 'inconsistent', 'unknown'],
      ...['in doubt', 'recovering', 'running'],
    ],
    help: 'only jobs with this verdict, or with this word in the STATE column',
  },
  limit: { value: 'N', help: 'at most this many jobs' },
  status: {
    value: 'STATUS',
    repeats: true,
    values: ['pending', 'in_doubt', 'done', 'failed', 'skipped', 'needs_review'],
    help: 'only rows or steps in this state',
  },
  csv: { help: 'answer as CSV' },
  prompt: { help: 'print the recovery prompt alone' },
  as: { value: 'STATE', values: ['done', 'pending', 'skipped'], help: 'what the unit is settled as' },
  receipt: { value: 'TEXT', help: 'the receipt that proves the unit done' },
  key: { value: 'KEY', repeats: true, help: 'the row with this key, whatever it looks like' },
  number: { value: 'N', repeats: true, help: 'the row with this number' },
  filter: {
    value: 'NAME=VALUE',
    repeats: true,
    help: 'rows in doubt or under review that fit: status=STATE, error=CODE, key=PATTERN (* and ?)',
  },
  name: { value: 'NAME', help: "the job's name; default the file's" },
  again: { help: 'do rows again that an unfinished job of this name has, under new idempotency keys' },
  param: { value: 'K=V', repeats: true, help: 'a parameter of the job file' },
  fallback: { help: 'look at the fallback as well' },
  'run-id': { value: 'ID', help: 'the run a checkpoint is of' },
  'global-step': { value: 'N', help: 'global step of the checkpoint, 0 to 2^64 - 1' },
  'optimizer-step': { value: 'N', help: 'optimizer step of the checkpoint' },
  'saved-at': { value: 'SECONDS', help: 'when it was saved, in Unix seconds (default now)' },
  'policy-state': { value: 'FILE', help: 'the policy state, a JSON object; - is standard input' },
  'optimizer-state': { value: 'FILE', help: 'the optimizer state, a JSON object; - is standard input' },
  'no-digest': { help: 'put no digest beside the payload' },
  markdown: { help: 'answer as Markdown' },
  list: { help: 'list the scenarios' },
  keep: { help: 'keep the directory of the demo' },
} as const satisfies Record<string, Flag>;

export type FlagName = keyof typeof GLOBAL_FLAGS | keyof typeof COMMAND_FLAGS;

/** One command: its arguments in words, the flags it takes, and how many arguments it needs at least and at most. */
export type Command = {
  readonly usage: string;
  readonly help: string;
  readonly flags: readonly (keyof typeof COMMAND_FLAGS)[];
  readonly arguments: readonly [least: number, most: number];
};

const ANY = Number.POSITIVE_INFINITY;
const CHOICE_FLAGS = [
  'choice',
  'job',
  'all',
  'yes',
  'dry-run',
  'detach',
  'orphans',
  'verify-again',
  'grace',
  'reason',
  'exec',
  'checkpoint',
] as const;

/** Every command by its name; `console` and `choose` are what is meant without a name. */
export const COMMANDS = {
  console: { usage: '[TARGET...]', help: 'open the console', flags: ['exec'], arguments: [0, ANY] },
  choose: {
    usage: '--choice resume|restart|stop|cancel|review|pause|rollback [TARGET...] (--job ID|NAME ... | --all)',
    help: 'recover without the console',
    flags: CHOICE_FLAGS,
    arguments: [0, ANY],
  },
  list: {
    usage: 'list [TARGET...]',
    help: 'jobs that need attention',
    flags: ['all', 'kind', 'verdict', 'limit'],
    arguments: [0, ANY],
  },
  show: {
    usage: 'show JOB [TARGET...]',
    help: 'evidence, diagnosis and the plan of every choice',
    flags: ['prompt'],
    arguments: [1, ANY],
  },
  settle: {
    usage: "settle JOB (KEY|'#NUMBER' ... | --all | --filter NAME=VALUE ...) --as done|pending|skipped --reason TEXT",
    help: 'settle rows in doubt or under review',
    flags: ['as', 'receipt', 'reason', 'key', 'number', 'all', 'filter', 'yes'],
    arguments: [1, ANY],
  },
  units: {
    usage: 'units JOB [TARGET...]',
    help: 'rows or steps with receipts, attempts, errors and data',
    flags: ['status', 'csv'],
    arguments: [1, ANY],
  },
  status: {
    usage: 'status DIR',
    help: 'how a training control directory stands, in the form of its own format',
    flags: [],
    arguments: [1, 1],
  },
  repair: {
    usage: 'repair DIR|JOB [--yes --reason TEXT]',
    help: 'set damaged control files aside, or accept that the store of a job went back in time',
    flags: ['yes', 'reason'],
    arguments: [1, 1],
  },
  'write-back': {
    usage: 'write-back JOB',
    help: 'write what is true now into the rows file',
    flags: [],
    arguments: [1, 1],
  },
  run: {
    usage: 'run FILE',
    help: 'run a job so that it can be recovered',
    flags: ['name', 'param', 'again', 'detach'],
    arguments: [1, 1],
  },
  checkpoint: {
    usage: 'checkpoint inspect PATH ... | load DIRECTORY|FILE [--fallback] | save DIRECTORY --run-id ID ...',
    help: 'check, load or save policy checkpoints',
    flags: [
      'fallback',
      'run-id',
      'global-step',
      'optimizer-step',
      'saved-at',
      'policy-state',
      'optimizer-state',
      'no-digest',
    ],
    arguments: [1, ANY],
  },
  audit: {
    usage: 'audit JOB [TARGET...]',
    help: 'verify the audit chain and print it',
    flags: [],
    arguments: [1, ANY],
  },
  report: {
    usage: 'report JOB [TARGET...]',
    help: 'the last recovery report',
    flags: ['markdown'],
    arguments: [1, ANY],
  },
  doctor: {
    usage: 'doctor',
    help: 'what works here, and what to do about what does not',
    flags: [],
    arguments: [0, 0],
  },
  demo: {
    usage: 'demo [SCENARIO]',
    help: 'make real jobs, kill their runners, open the console on them',
    flags: ['list', 'keep'],
    arguments: [0, 1],
  },
  help: {
    usage: 'help [COMMAND]',
    help: 'this help, or that of one command',
    flags: [],
    arguments: [0, 1],
  },
  completion: {
    usage: 'completion bash|zsh|fish',
    help: 'completion script for a shell',
    flags: [],
    arguments: [1, 1],
  },
} as const satisfies Record<string, Command>;
export type CommandName = keyof typeof COMMANDS;

/** What is meant without a name is no word to type. */
const UNNAMED: readonly string[] = ['console', 'choose'];

/** The words that name a command. */
export const COMMAND_WORDS: readonly string[] = Object.keys(COMMANDS).filter((name) => !UNNAMED.includes(name));
