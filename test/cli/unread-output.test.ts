import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeFolder } from '../helpers/make-folder.ts';
import { parseAnswer, pick, runSalvor } from '../helpers/salvor.ts';

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

test.concurrent('a row whose command left a process working is not tried again beside it', async () => {
  const seen = await run(`(sleep 1.5; ${ACT}) & exit 75`);
  expect(seen).toEqual({ effects: [], code: 'PROCESS_LEFT', waiting: 1 });
});
