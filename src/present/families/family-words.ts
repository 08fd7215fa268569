/** What presenting one family of jobs takes: its words, by the tags of the core. Every foreign text in them is safe. */
import type { FoundFact } from '../../core/diagnosis/schema.ts';
import type { Evidence } from '../../core/evidence/schema.ts';
import type { Progress } from '../../core/job/schema.ts';
import type { PlanStep, PlanWarning, Question } from '../../core/plan/schema.ts';
import type { RecoveryReport } from '../../core/report/schema.ts';
import type { Looked } from '../../core/session/schema.ts';

/** What one unit of a job is called. */
export type UnitWord = Progress['unit'];

type Describe<T extends FoundFact['type']> = (finding: Extract<FoundFact, { type: T }>, unit: UnitWord) => string;
/** Words for findings, by type. */
export type FindingWords<T extends FoundFact['type']> = { readonly [K in T]: Describe<K> };

type DescribeStep<A extends PlanStep['action']> = (step: Extract<PlanStep, { action: A }>, unit: UnitWord) => string;
/** Words for steps, by action. */
export type StepWords<A extends PlanStep['action']> = { readonly [K in A]: DescribeStep<K> };

/** Words for warnings, by code. */
export type WarningWords<C extends PlanWarning['code']> = { readonly [K in C]: (warning: PlanWarning) => string };

/** Words by tag; each family's tables are typed by its own tags. */
export type SaidByTag = Readonly<Record<string, (fact: never, unit: UnitWord) => string>>;

/** A question as it is asked: the sentence, what it is about line by line, and what each answer means. */
export type AskedQuestion = {
  readonly prompt: string;
  readonly facts: readonly string[];
  readonly options: readonly { readonly value: string; readonly key: string; readonly label: string }[];
  /** What to type, where any text is an answer. */
  readonly text?: string;
};

/** What words for a question look at. */
export type AskingContext = { readonly evidence: Evidence; readonly question: Question };

/** Words for questions, by id. */
export type QuestionWords = Readonly<Record<string, (context: AskingContext) => AskedQuestion>>;

/** What was seen of a job, and what it means. */
export type Seen = Pick<Looked, 'evidence' | 'diagnosis'>;

/** The parts of the recovery prompt that are a family's own. Source: contract, the recovery prompt. */
export type PromptWords = {
  /** How it stands, instead of its verdict, when that is more. */
  readonly standing?: (looked: Seen) => string | undefined;
  /** What is said of it instead of its verdict, when that is more. */
  readonly headline?: (looked: Seen) => string | undefined;
  /** How many units of a job that ended wait for somebody; empty when none does. */
  readonly open: (evidence: Evidence) => string;
  /** Where it stands, after what happened to it. */
  readonly place: (looked: Seen) => string;
  /** How far it came, and what is left. */
  readonly progress: (evidence: Evidence) => readonly string[];
  /** What a resume does about the last error. */
  readonly next: (looked: Seen) => readonly string[];
  /** What its runner has in hand, where it has units. */
  readonly inHand?: (looked: Seen) => readonly string[];
  /** What waits for somebody. */
  readonly attention: (looked: Seen) => readonly string[];
};

/** What a family says of a report of its own instead of the words that all have. */
export type ReportSaid = {
  /** What it came to, after the job's name. */
  readonly outcome?: string;
  /** What is left for the operator to do. */
  readonly next?: string;
  /** The outcome is told although a format of another program is printed, which has no room for it. */
  readonly isNoted?: true;
  /** The runner was asked to stop and went on. */
  readonly isStillRunning?: true;
};

/** One family, presented. */
export type FamilyWords = {
  readonly family: string;
  /** What it alone finds, does and warns of, by tag. */
  readonly findings: SaidByTag;
  readonly steps: SaidByTag;
  readonly warnings: SaidByTag;
  readonly questions: QuestionWords;
  /** Keys of its own facts that may be absent, by the key of the object that has them, as JSON of evidence has them. */
  readonly mayBeAbsent?: Readonly<Record<string, readonly string[]>>;
  readonly prompt: PromptWords;
  /** What it says of a report; undefined of one that the words of all fit, as of those of other families. */
  readonly report?: (report: RecoveryReport) => ReportSaid | undefined;
  /** What the files of its records are called. */
  readonly files?: Readonly<Record<string, string>>;
  /** What the replay of its log leaves out, as the end of a sentence. */
  readonly replayEnd?: (evidence: Evidence) => string;
  /** What its jobs go on from, for the head of a list of checkpoints, and notes on why. */
  readonly restore?: (evidence: Evidence) => { readonly headline: string; readonly notes: readonly string[] };
  /** What an action prints in the shape of its source's own format. */
  readonly answerLine?: (answer: Readonly<Record<string, unknown>>) => string;
};
