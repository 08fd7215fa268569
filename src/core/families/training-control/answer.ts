/** What an action on a training control directory prints, to the letter of the format. Source: formats/tau 2.7. */

/** A JSON value whose numbers stand as they were read. Keys are the format's own. */
export type ControlAnswer = {
  readonly schema_version: 1;
  readonly state_dir: string;
  readonly control_state_path: string;
  readonly control_audit_path: string;
  readonly action: string;
  readonly principal: string;
  /** null of a status, which changes nothing. */
  readonly idempotent: boolean | null;
  readonly rollback_checkpoint: string | null;
  readonly checkpoint_run_id: string | null;
  readonly recovery_report_path: string | null;
  readonly recovery_checkpoint_source: string | null;
  readonly recovery_crash_detected: boolean | null;
  readonly recovery_replayed_audit_events: number | null;
  readonly control_state: Readonly<Record<string, unknown>> | null;
  readonly training_status: Readonly<Record<string, unknown>> | null;
};
