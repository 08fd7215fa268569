/** Keys of the family's own facts that may be absent, by the key of the object that has them, in the JSON of evidence. */
export const CONTROL_MAY_BE_ABSENT: Readonly<Record<string, readonly string[]>> = {
  own: [
    'last_action',
    'principal',
    'updated_at',
    'rollback_checkpoint',
    'status',
    'trainer_end',
    'odd_rows',
    'torn_line',
    'unfinished',
    'overtaken',
    'lost',
  ],
  lost: ['kept_as', 'at'],
  status: ['stale'],
  trainer_end: ['exit_code', 'signal'],
  restore: ['source', 'path', 'rollback', 'refused'],
};
