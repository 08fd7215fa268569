import { expect, test } from 'vitest';
import { openConsole } from '../helpers/open-console.tsx';
import { sampleReported } from '../helpers/sample-answers.ts';

test('runConsole: from the list over the plan to the report, and out', async () => {
  const terminal = openConsole();
  await terminal.ready('California Orders');
  expect(terminal.activeBuffer()).toBe('alternate');
  terminal.type('r');
  await terminal.waitFor('y agrees to the plan above');
  terminal.type('y');
  expect(await terminal.session.heard('approve')).toMatchObject({ consent: { form: 'key', principal: 'local:ops' } });
  await terminal.ready('no rate yet');
  terminal.session.become(sampleReported());
  await terminal.ready('recovered to the end', 'recovery-report.json');
  terminal.type('q');
  await terminal.ready('1 job needs attention');
  terminal.type('q');
  const end = await terminal.ended;
  expect(end.exitCode).toBe(0);
  expect(end.lastWords).toContain("Job 'California Orders': recovered to the end. 153 rows done now, 200/200 in all.");
  expect(terminal.activeBuffer()).toBe('normal');
  expect(terminal.isRaw()).toBe(false);
});
