import { type ChildProcess, spawn } from 'node:child_process';
import { type ErrorCode, HINTS, RecoveryError } from '../../core/errors.ts';
import { RunnerNews, type RunnerRequest } from './schema.ts';

/** A process of its own that carries something out. */
export type Runner = {
  readonly send: (request: RunnerRequest) => void;
  /** Leaves it to itself: it goes on, and this process no longer waits for it. */
  readonly release: () => void;
};

/**
 * Starts Salvor in a process and session of its own, so that neither a closed terminal nor the end of this process
 * touches it, and asks it for something.
 *
 * Errors: told through `onEnd`, also when the process dies without a word.
 */
export function startRunner(options: {
  readonly programPath: string;
  readonly request: RunnerRequest;
  readonly onNews: (news: RunnerNews) => void;
  readonly onEnd: (error: RecoveryError) => void;
}): Runner {
  const child = spawn(process.execPath, [options.programPath, '__runner'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.on('message', (message) => {
    const news = RunnerNews.safeParse(message);
    if (news.success) options.onNews(news.data);
  });
  child.on('error', (cause) =>
    options.onEnd(new RecoveryError('RUN_FAILED', `the runner cannot be started: ${cause.message}`, { cause })),
  );
  child.on('exit', (code, signal) => {
    options.onEnd(
      new RecoveryError(
        'RUN_FAILED',
        `the runner (process ${child.pid}) ended with ${signal ?? `exit code ${code}`} and without a word`,
      ),
    );
  });
  child.send(options.request);
  return { send: (request) => void (child.connected && child.send(request)), release: () => releaseChild(child) };
}

function releaseChild(child: ChildProcess): void {
  child.removeAllListeners();
  // What it still says goes nowhere; a pipe error there must not end this process.
  child.on('error', () => {});
  // Messages already read are still told; without a listener Node.js would keep them on a channel that is gone.
  child.on('message', () => {});
  if (child.connected) child.disconnect();
  child.unref();
}

/** Makes the error again that a runner refused with. */
export function translateRefusal(news: Extract<RunnerNews, { type: 'refused' }>): RecoveryError {
  const code: ErrorCode = isCode(news.code) ? news.code : 'INTERNAL';
  return new RecoveryError(code, news.message, { details: news.details });
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(HINTS, code);
}
