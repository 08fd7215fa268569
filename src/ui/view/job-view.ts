/** The views of one open job: the recovery prompt, its units, the evidence, the audit trail, the log. */

import type { Evidence, LivenessFacts } from '../../core/evidence/schema.ts';
import type { AuditEntry } from '../../core/ports.ts';
import type { Looked } from '../../core/session/schema.ts';
import { describeAuditOutcome } from '../../present/audit-words.ts';
import { describeFile } from '../../present/families/registry.ts';
import { formatCount, formatTime } from '../../present/format.ts';
import { assemblePromptFacts, type PromptLine } from '../../present/recovery-prompt.ts';
import { formatReplay } from '../../present/replay-text.ts';
import { safeText } from '../../present/safe-text.ts';
import { chooseUnitWord, describeFinding, describeStanding } from '../../present/words.ts';
import { type ConsoleState, type OpenJob, PANES, type Pane } from '../state/console-state.ts';
import { VERDICT_TONES } from '../theme.ts';
import { assembleCheckpointLines } from './checkpoints-view.ts';
import { BLANK, type Line, lineText, type Span, spanLine, textLine, wrappedLines } from './line.ts';

/** The row of views, the open one in brackets. */
export function tabsLine(job: OpenJob): Line {
  const spans = PANES.map((pane, at): Span => {
    const name = pane === 'units' && job.looked?.evidence.checkpoints ? 'checkpoints' : pane;
    const label = `${at + 1} ${name}`;
    return pane === job.pane ? { text: `[${label}] `, tone: 'title' } : { text: ` ${label}  `, tone: 'faint' };
  });
  return { spans };
}

/** The text of the open view, unbroken by the height of the screen; in few rows the prompt leaves blank ones out. */
export function assemblePaneText(state: ConsoleState, job: OpenJob, rows: number): readonly Line[] {
  if (job.looked === undefined) return [textLine('Reading the job...', 'faint')];
  const lines = PANE_TEXTS[job.pane](job, job.looked, state.columns);
  if (job.pane !== 'prompt' || lines.length <= rows) return lines;
  // The sentence below the verdict says it again.
  return lines.slice(1).filter((line) => line !== BLANK && lineText(line).trim() !== '');
}

type PaneText = (job: OpenJob, looked: Looked, columns: number) => readonly Line[];

const PANE_TEXTS: Readonly<Record<Pane, PaneText>> = {
  prompt: (_job, looked, columns) => promptLines(looked, columns),
  units: (_job, looked, columns) => assembleCheckpointLines(looked.evidence, columns),
  evidence: (_job, looked, columns) => evidenceLines(looked, columns),
  audit: (job, looked, columns) => auditLines(job.audit, looked.evidence, columns),
  log: (job, _looked, columns) => logLines(job.log, columns),
};

/** The recovery prompt without its options: those are the menu below it. */
function promptLines(looked: Looked, columns: number): readonly Line[] {
  const { verdict } = looked.diagnosis;
  return [
    textLine(`Verdict: ${describeStanding(looked)}`, VERDICT_TONES[verdict]),
    ...assemblePromptFacts(looked).flatMap((block) => [
      BLANK,
      ...block.flatMap(({ about, text }) => wrappedLines(text, columns, { tone: PROMPT_TONES[about] ?? 'plain' })),
    ]),
    ...blockerLines(looked, columns),
  ];
}

/** Findings that a person must know of before deciding; the prompt itself does not say them. */
function blockerLines({ evidence, diagnosis }: Looked, columns: number): readonly Line[] {
  const unit = chooseUnitWord(evidence);
  const found = diagnosis.findings.filter(({ severity }) => severity !== 'info');
  const lines = found.flatMap((finding) =>
    wrappedLines(`! ${describeFinding(finding, unit)}`, columns, { tone: 'warning', indent: 2 }),
  );
  return lines.length === 0 ? [] : [BLANK, ...lines];
}

const PROMPT_TONES: Readonly<Partial<Record<PromptLine['about'], 'warning'>>> = {
  error: 'warning',
  attention: 'warning',
};

function evidenceLines(looked: Looked, columns: number): readonly Line[] {
  const { evidence, diagnosis } = looked;
  const unit = chooseUnitWord(evidence);
  const facts = [
    `recorded as ${safeText(evidence.recorded.status, 60)}, ${formatCount(evidence.recorded.runCount, 'run')} so far`,
    ...recordedTimes(evidence),
    ...holderFacts(evidence),
    ...livenessFacts(evidence.liveness),
    ...(evidence.files ?? []).map(
      (file) => `${describeFile(evidence.job, file.what)} is ${file.state}: ${safeText(file.path, 500)}`,
    ),
    ...evidence.prerequisites.map(
      (fact) => `${fact.what.replace('_', ' ')} ${fact.state}: ${safeText(fact.path, 500)}`,
    ),
    `audit trail: ${evidence.audit.entryCount} ${evidence.audit.entryCount === 1 ? 'entry' : 'entries'}${evidence.audit.broken === undefined ? '' : `, broken at ${evidence.audit.broken.sequence}`}`,
    `looked at ${formatTime(evidence.collectedAtMs)}`,
  ];
  const bullets = (texts: readonly string[]): readonly Line[] =>
    texts.flatMap((text) => wrappedLines(`- ${text}`, columns, { indent: 2 }));
  return [
    textLine(`Verdict: ${describeStanding(looked)}`, VERDICT_TONES[diagnosis.verdict]),
    BLANK,
    textLine('Findings', 'title'),
    ...bullets(
      diagnosis.findings.length === 0
        ? ['nothing out of the ordinary']
        : diagnosis.findings.map((finding) => describeFinding(finding, unit)),
    ),
    BLANK,
    textLine('Facts', 'title'),
    ...bullets(facts),
  ];
}

function recordedTimes({ recorded }: Evidence): readonly string[] {
  const times = [
    ['started', recorded.startedAtMs],
    ['ended', recorded.endedAtMs],
    ['last event', recorded.lastEventAtMs],
  ] as const;
  return times.flatMap(([word, atMs]) => (atMs === undefined ? [] : [`${word} ${formatTime(atMs)}`]));
}

function holderFacts({ lease }: Evidence): readonly string[] {
  if (lease === undefined) return ['no runner has held this job'];
  return [
    `runner: pid ${lease.pid} on ${safeText(lease.host, 100)}, started by ${safeText(lease.principal, 100)}, epoch ${lease.epoch}`,
    `last heartbeat ${formatTime(lease.heartbeatAtMs)}`,
  ];
}

function livenessFacts(liveness: LivenessFacts | undefined): readonly string[] {
  if (liveness === undefined) return [];
  return [`host ${liveness.host}, boot ${liveness.boot}, lock ${liveness.lock}, process ${liveness.process}`];
}

function auditLines(entries: readonly AuditEntry[] | undefined, evidence: Evidence, columns: number): readonly Line[] {
  if (entries === undefined) return [textLine('Reading the audit trail...', 'faint')];
  const { broken } = evidence.audit;
  const isLog = evidence.audit.form === 'log';
  const what = isLog ? 'log is damaged at line' : 'chain is broken at entry';
  const head: Line[] =
    broken === undefined ? [] : [...wrappedLines(`The ${what} ${broken.sequence}.`, columns, { tone: 'danger' })];
  if (isLog) head.push(...wrappedLines(formatReplay(evidence), columns), BLANK);
  if (entries.length === 0) return [...head, textLine('The audit trail is empty.', 'faint')];
  return [
    ...head,
    ...entries.map((entry) =>
      spanLine(
        [`${String(entry.sequence).padStart(4)} ${formatTime(entry.atMs)} `, 'faint'],
        [
          entry.outcome === 'refused'
            ? `refused ${entry.code ?? ''} `
            : `${safeText(evidence.audit.form === 'log' ? entry.outcome : describeAuditOutcome(entry), 20)} `,
          entry.outcome === 'refused' ? 'danger' : 'good',
        ],
        [`${safeText(entry.action, 100)} by ${safeText(entry.principal, 100)}`, 'plain'],
      ),
    ),
  ];
}

function logLines(log: readonly string[] | undefined, columns: number): readonly Line[] {
  if (log === undefined) return [textLine('Reading the log...', 'faint')];
  if (log.length === 0) return [textLine('The log is empty.', 'faint')];
  return log.map((text) => textLine(safeText(text, Math.max(200, columns * 2))));
}
