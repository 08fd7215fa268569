import { safeText } from '../../safe-text.ts';

/**
 * What an action on a training control directory prints without --json: one line of `key=value` pairs, in the
 * format's own order.
 *
 * Shapes: what is absent is `none`, `n/a`, `missing` or `unknown`; every foreign text is safe.
 * Source: formats/tau 2.7.
 */
export function formatControlLine(answer: Readonly<Record<string, unknown>>): string {
  const read = (field: unknown, key: string): unknown => new Map(Object.entries(field ?? {})).get(key);
  const { control_state: state, training_status: status } = answer;
  const pairs: readonly (readonly [string, unknown, string])[] = [
    ['action', answer['action'], 'unknown'],
    ['principal', answer['principal'], 'unknown'],
    ['lifecycle_state', read(state, 'lifecycle_state'), 'unknown'],
    ['training_run_state', read(status, 'run_state'), 'missing'],
    ['idempotent', answer['idempotent'], 'n/a'],
    ['rollback_checkpoint', answer['rollback_checkpoint'], 'none'],
    ['checkpoint_run_id', answer['checkpoint_run_id'], 'none'],
    ['recovery_report', answer['recovery_report_path'], 'none'],
    ['recovery_checkpoint_source', answer['recovery_checkpoint_source'], 'none'],
    ['recovery_crash_detected', answer['recovery_crash_detected'], 'n/a'],
    ['recovery_replayed_audit_events', answer['recovery_replayed_audit_events'], 'n/a'],
    ['state_dir', answer['state_dir'], 'unknown'],
    ['state_file', answer['control_state_path'], 'unknown'],
    ['audit_file', answer['control_audit_path'], 'unknown'],
  ];
  const words = pairs.map(([key, value, absent]) => `${key}=${safeText(String(value ?? absent), 1_000)}`);
  return `prompt optimization lifecycle control: ${words.join(' ')}`;
}
