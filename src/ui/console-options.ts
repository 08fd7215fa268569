/** What the console is given: ports, terminal and switches. It reads no environment and owns no process. */

import type { JobError } from '../core/job/schema.ts';
import type { Clock, JobReader } from '../core/ports.ts';
import type { Session } from '../core/session/schema.ts';
import type { TerminalInput } from './terminal/key-gate.ts';

/** Terminal output: where frames go. Sizes are in cells and may be missing or 0 on odd terminals. */
export type TerminalOutput = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** What the owner of the process may do to a running console. */
export type ConsoleControls = {
  /** Leaves the console with this exit code; a recovery under way is asked to stop after the unit in hand first. */
  readonly end: (exitCode: number) => void;
  /** Leaves the console at once with this exit code, as nobody sees it any more; a recovery under way goes on. */
  readonly leave: (exitCode: number) => void;
  /** Ends the console because of a fault outside it; `runConsole` rejects with it. */
  readonly fail: (error: Error) => void;
  /** Gives the terminal back, stops the process with `stopProcess`, and takes the terminal again afterwards. */
  readonly suspend: () => void;
  /** Takes the terminal again and draws everything anew, after somebody else had it. */
  readonly repaint: () => void;
};

export type ConsoleOptions = {
  readonly reader: JobReader;
  /** Opens a session for one job; the console has at most one at a time and sends `inspect` to begin. */
  readonly openSession: (jobId: string) => Session;
  readonly clock: Clock;
  readonly principal: string;
  readonly readOnly: boolean;
  /** What is looked at, for the title: a state directory or a target. */
  readonly place: string;
  readonly version: string;
  readonly stdin: TerminalInput;
  readonly stdout: TerminalOutput;
  readonly stderr: NodeJS.WritableStream;
  readonly noColor: boolean;
  readonly screenReader: boolean;
  /** Opens this job at once instead of the list. */
  readonly singleJobId?: string;
  /** Called once, after the first frame is on the screen. */
  readonly onFirstFrame?: () => void;
  /** Stops the process (Ctrl+Z) and resolves when it goes on; absent where a process cannot be stopped. */
  readonly stopProcess?: () => Promise<void>;
  /** Called once, before the first frame, with how to tell what went wrong beside an action and undoes nothing of it. */
  readonly onWarnings?: (tell: (warning: JobError) => void) => void;
  /** Called once with the controls, before the first frame. */
  readonly onControls?: (controls: ConsoleControls) => void;
};

/** How a console ended. `lastWords` is what to print after the terminal was given back; it may have several lines. */
export type ConsoleEnd = { readonly exitCode: number; readonly lastWords: string };
