/** The console as a program of its own, on jobs in memory; SCENARIO says what goes wrong. Prints its exit code last. */

import { openConsole } from '../../../src/cli/interactive-terminal.ts';
import type { SessionState } from '../../../src/core/session/schema.ts';
import { makeFakeReader } from '../../helpers/fake-reader.ts';
import { makeFakeSession } from '../../helpers/fake-session.ts';
import { SAMPLE_ANSWERS, sampleReported } from '../../helpers/sample-answers.ts';
import { SAMPLE_MS, sampleLooked } from '../../helpers/sample-evidence.ts';
import { sampleJobs } from '../../helpers/sample-screens.ts';

const scenario = process.env['SCENARIO'];

const answers = {
  ...SAMPLE_ANSWERS,
  ...(scenario === 'crash'
    ? { choose: () => ({ stage: 'executing', ...sampleLooked() }) as unknown as SessionState }
    : {}),
  ...(scenario === 'stop' ? { stop: () => sampleReported() } : {}),
};

process.on('SIGUSR2', () => void Promise.reject(new Error('a promise nobody waited for')));

process.exitCode = await openConsole({
  reader: makeFakeReader({ jobs: sampleJobs() }),
  openSession: (jobId) => makeFakeSession(jobId, answers),
  clock: { nowMs: () => SAMPLE_MS },
  principal: 'local:ops',
  readOnly: false,
  place: '/srv/salvor',
  version: '0.1.0',
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
});
