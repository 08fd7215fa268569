import { hostname } from 'node:os';
import { buildReport, type ReportWords } from '../../core/families/build-report.ts';
import { diagnose } from '../../core/families/diagnose.ts';
import { controlOf } from '../../core/families/training-control/control-of.ts';
import type { AccessPolicy } from '../../core/plan/access.ts';
import type { ApprovedPlan } from '../../core/plan/schema.ts';
import type { Clock } from '../../core/ports.ts';
import type { RecoveryReport } from '../../core/report/schema.ts';
import { assembleAnswer } from './assemble-answer.ts';
import type { TauLook } from './collect.ts';
import type { TauLayout } from './layout.ts';
import { makeAction } from './record-action.ts';
import { nameUnusableReport } from './write-record.ts';

/** Makes the report of one action, as often as there is more to say: its id stays. */
export type Reporter = (outcome: Partial<RecoveryReport['outcome']>, notes?: readonly string[]) => RecoveryReport;

/** What the reports of one action have in common. */
export type ReporterOptions = {
  readonly approved: ApprovedPlan;
  readonly look: TauLook;
  readonly layout: TauLayout;
  readonly reportId: string;
  readonly startedAtMs: number;
  readonly clock: Clock;
  readonly policy: AccessPolicy;
  readonly version: string;
  readonly words: ReportWords;
  readonly makeId: () => string;
};

/**
 * Makes the reporter of one action.
 *
 * Errors: none for a plan of such a directory. Source: formats/tau 2.5; contract, recovery-report.json.
 */
export function makeReporter(options: ReporterOptions): Reporter {
  const { approved, clock, startedAtMs, policy, version, words, reportId, makeId } = options;
  const { evidence } = approved;
  const correlationId = makeId();
  const { look, layout } = options;
  const action = makeAction({ approved, actionId: reportId });
  return (outcome, notes = []) => {
    const report = buildReport({
      approved,
      diagnosis: diagnose(evidence),
      policy,
      result: 'started',
      reportId,
      correlationId,
      version,
      host: hostname(),
      words,
      notes: [...describeLook(options), ...notes],
      outcome: {
        status: 'recovered',
        exit_code: 0,
        duration_ms: clock.nowMs() - startedAtMs,
        attempt: evidence.recorded.runCount + 1,
        engine_reference: null,
        ...outcome,
      },
    });
    // Whoever reads the format's own object finds its keys in the report as well.
    return isRecovery(approved) ? { ...assembleAnswer({ layout, approved, report, look, action }), ...report } : report;
  };
}

function isRecovery({ plan: { choice } }: ApprovedPlan): boolean {
  return choice === 'resume' || choice === 'cancel';
}

/** What of the directory had to be set right, or did not count. */
function describeLook(options: ReporterOptions): readonly string[] {
  const { approved, look } = options;
  const status = controlOf(approved.evidence).status;
  const { tornLine, badLine, rows } = look.audit;
  const { layout, consent } = { layout: options.layout, consent: approved.consent };
  const aside = isRecovery(approved) ? nameUnusableReport(layout, look.report, consent.atMs) : undefined;
  return [
    ...(status?.stale === undefined ? [] : [`status ${status.runState} does not count: ${status.stale}`]),
    ...(tornLine
      ? [`audit line ${tornLine.line} was cut short (${tornLine.sizeBytes} bytes); its bytes are kept in the new row`]
      : []),
    ...(badLine
      ? [
          `audit line ${badLine.line} cannot be read: expected ${badLine.expected}, found ${badLine.found}; only the ${rows.length} rows before it are counted`,
        ]
      : []),
    ...rows.flatMap(({ line, action, oddity }) =>
      oddity === undefined
        ? []
        : [`audit line ${line} is counted as ${action}, and no strict reader takes it ${oddity}`],
    ),
    ...(aside === undefined ? [] : [`the last recovery report could not be used and is kept as ${aside}`]),
  ];
}
