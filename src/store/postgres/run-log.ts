import type { RunLog } from '../contract.ts';
import type { Session } from './session.ts';

/** Lines that no commit takes along are sent together, so often. */
const SEND_EVERY_MS = 250;
/** What came in between is cut to its end: a job that prints without end is not held up by its log. */
const HELD_BYTES = 256 * 1024;
/** So much of the end of a log is kept. Source: contract of the store. */
const KEPT_BYTES = 64 * 1024;

/** A log whose lines go along with the commits of a run, or by themselves while there are none. */
export type SentLog = RunLog & {
  /** Takes the lines that wait, to be written with something else. */
  readonly take: () => string | undefined;
  readonly flush: () => Promise<void>;
};

/**
 * Opens the log of a job: its lines go to the store, the last of them stay. Errors: none; what cannot be written is
 * dropped.
 */
export function openRunLog(
  session: Session,
  jobSeq: number,
  ask: (work: () => Promise<void>) => Promise<void>,
): SentLog {
  let lines: string[] = [];
  let heldBytes = 0;
  let untrimmedBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const say = async (text: string, values: readonly (string | number)[]): Promise<void> => {
    await ask(async () => void (await session.query(text, values))).catch(() => {});
  };
  const take = (): string | undefined => {
    clearTimeout(timer);
    timer = undefined;
    if (lines.length === 0) return undefined;
    const text = lines.join('\n');
    untrimmedBytes += heldBytes;
    lines = [];
    heldBytes = 0;
    if (untrimmedBytes > KEPT_BYTES) {
      untrimmedBytes = 0;
      // After what takes these lines along.
      setImmediate(() => void say(TRIM, [jobSeq, KEPT_BYTES]));
    }
    return text;
  };
  const flush = async (): Promise<void> => {
    const text = take();
    if (text !== undefined) await say('INSERT INTO log_lines (job_seq, lines) VALUES ($1, $2)', [jobSeq, text]);
  };
  return {
    write(line) {
      lines.push(line);
      heldBytes += line.length;
      for (let first = lines[0]; heldBytes > HELD_BYTES && first !== undefined; first = lines[0]) {
        heldBytes -= first.length;
        lines.shift();
      }
      timer ??= setTimeout(flush, SEND_EVERY_MS).unref();
    },
    take,
    flush,
  };
}

/** Takes away what lies before the last bytes that are kept. */
const TRIM = `DELETE FROM log_lines WHERE job_seq = $1 AND seq < (
  SELECT min(seq) FROM (
    SELECT seq, sum(octet_length(lines) + 1) OVER (ORDER BY seq DESC) - octet_length(lines) - 1 AS behind
    FROM log_lines WHERE job_seq = $1) AS kept WHERE behind < $2)`;

/** The last lines of a log, oldest first. */
export async function readLogTail(session: Session, jobId: string, lineCount: number): Promise<readonly string[]> {
  const text = `SELECT lines FROM (SELECT log_lines.seq, lines,
      sum(octet_length(lines) + 1) OVER (ORDER BY log_lines.seq DESC) - octet_length(lines) - 1 AS behind
    FROM log_lines JOIN jobs ON jobs.seq = job_seq WHERE jobs.id = $1) AS kept WHERE behind < $2 ORDER BY seq`;
  const rows = await session.query(text, [jobId, KEPT_BYTES]);
  const lines = rows.flatMap((row) => String(row.lines).split('\n')).filter((line) => line !== '');
  return lineCount > 0 ? lines.slice(-lineCount) : [];
}
