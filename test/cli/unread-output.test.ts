import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeFolder } from '../helpers/make-folder.ts';
import { PROGRAM, parseAnswer, pick, runSalvor } from '../helpers/salvor.ts';

const RETRY = 'retry: {attempts: 3, backoff: fixed, initial_delay: 1ms}';

/** Runs a job of one row whose command acts once an attempt, and answers the effects and the row. */
async function run(script: string) {
  await using folder = await makeFolder({
    'rows.csv': 'id\nk1\n',
    'act.sh': `#!/bin/sh\n${script}\n`,
    'job.yaml': `kind: batch\nname: One\nrows: rows.csv\nkey: id\ncommand: ./act.sh\nreceipt: {field: tracking_number, label: tracking}\n${RETRY}\n`,
  });
  const ended = await runSalvor(['run', 'job.yaml', '--json', '--state', 'state'], { cwd: folder.path });
  const effects = existsSync(folder.at('effects'))
    ? readFileSync(folder.at('effects'), 'utf8').trimEnd().split('\n')
    : [];
  const answer = parseAnswer(ended);
  return { effects, code: pick(answer, 'last_error.code'), waiting: pick(answer, 'progress.needs_review') };
}

const ACT = 'echo acted >> effects';

test.concurrent('a receipt in a line that is too long to be read is no proof that nothing happened', async () => {
  const seen = await run(`${ACT}; printf '{"tracking_number":"%070000d"}\\n' 1; exit 75`);
  expect(seen).toEqual({ effects: ['acted'], code: 'OUTPUT_UNREAD', waiting: 1 });
});

test.concurrent('a failure that contradicts itself is not tried again', async () => {
  const seen = await run(`${ACT}; echo '{"error":{"code":"E"},"ambiguous":true,"ambiguous":false}'; exit 75`);
  expect(seen).toEqual({ effects: ['acted'], code: 'OUTPUT_UNREAD', waiting: 1 });
});

test.concurrent('a row whose command left a process working is not tried again beside it', async () => {
  const seen = await run(`(sleep 1.5; ${ACT}) & exit 75`);
  expect(seen).toEqual({ effects: [], code: 'PROCESS_LEFT', waiting: 1 });
});

/** A process without token, mark and parents: only the runner's process group still tells of it. */
const STRAY = `env -i /bin/sh -c 'exec 3>&-; sleep 1.5; ${ACT}' >/dev/null 2>&1 </dev/null & sleep 0.3; exit 75`;

/** Runs the job in a session of its own: with the runner as its leader, or as one of several in it. */
async function runInSession(script: string, line: string) {
  await using folder = await makeFolder({
    'rows.csv': 'id\nk1\n',
    'act.sh': `#!/bin/sh\necho tried >> tries\n${script}\n`,
    'job.yaml': `kind: batch\nname: One\nrows: rows.csv\nkey: id\ncommand: ./act.sh\n${RETRY}\n`,
  });
  const env = { ...process.env, SALVOR: PROGRAM };
  const child = spawn('/bin/sh', ['-c', line], { cwd: folder.path, detached: true, env, stdio: 'ignore' });
  await once(child, 'close');
  const answer: unknown = JSON.parse(readFileSync(folder.at('answer'), 'utf8'));
  const count = (name: string) =>
    existsSync(folder.at(name)) ? readFileSync(folder.at(name), 'utf8').split('\n').length - 1 : 0;
  return { tries: count('tries'), effects: count('effects'), code: pick(answer, 'last_error.code') };
}

const SALVOR_RUN = 'node "$SALVOR" run job.yaml --json --state state';

test.concurrent('a process that dropped all marks is ended where it can only be of the command', async () => {
  const seen = await runInSession(STRAY, `exec ${SALVOR_RUN} > answer`);
  expect(seen).toEqual({ tries: 1, effects: 0, code: 'PROCESS_LEFT' });
});

test.concurrent('a process that dropped all marks, in a group with others, leaves the row in doubt and is left alone', async () => {
  const seen = await runInSession(STRAY, `${SALVOR_RUN} > answer; sleep 2`);
  expect(seen).toEqual({ tries: 1, effects: 1, code: 'PROCESS_LEFT' });
});

test.concurrent('what a filter starts that reads what the runner prints is not of a command', async () => {
  const filter = '(while :; do (sleep 0.5 &); sleep 0.02; [ -e over ] && exit; done)';
  const seen = await runInSession('sleep 0.3; exit 75', `${filter} & ${SALVOR_RUN} | tee answer; : > over; wait`);
  expect(seen).toEqual({ tries: 3, effects: 0, code: 'EXIT_75' });
});
