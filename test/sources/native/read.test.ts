import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/platform/clock.ts';
import { makeNativePlace } from '../../../src/sources/native/read.ts';
import { openJobStore } from '../../../src/store/open-store.ts';
import { appendAudit } from '../../../src/store/sqlite/audit.ts';
import { writeReport } from '../../../src/store/sqlite/write-report.ts';
import { logPath, reportPath } from '../../../src/store/state-directory.ts';
import { makeFolder } from '../../helpers/make-folder.ts';
import { sampleReport } from '../../helpers/sample-evidence.ts';
import { hashFiles } from '../../helpers/state.ts';
import { makeTempState, type TempState } from '../../helpers/temp-state.ts';

const open = (state: Pick<TempState, 'path'>) => makeNativePlace(openJobStore(state.path, systemClock));

describe('logTail', () => {
  const tail = async (content: string | Uint8Array, lineCount: number) => {
    await using state = await makeTempState();
    const job = state.addJob();
    writeFileSync(logPath(state.path, job.id), content);
    // The folder goes with this scope.
    return await open(state).logTail(job.id, lineCount);
  };

  it('is the last lines, oldest first, without empty ones', async () => {
    expect(await tail('one\ntwo\n\nthree\n', 2)).toEqual(['two', 'three']);
    expect(await tail('one\ntwo', 9)).toEqual(['one', 'two']);
    expect(await tail('one\ntwo', 0)).toEqual([]);
    expect(await tail('', 9)).toEqual([]);
  });

  it('begins with a whole line, however long the log is', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index} ü`);
    const found = await tail(lines.join('\n'), 100_000);
    expect(found.length).toBeGreaterThan(3_000);
    expect(found).toEqual(lines.slice(-found.length));
  });

  it('is the end of a single line that is longer than what is read', async () => {
    const [only, ...others] = await tail('x'.repeat(200_000), 5);
    expect([only?.length, others]).toEqual([64 * 1024, []]);
  });

  it('keeps foreign text as it is', async () => {
    expect(await tail('\u001b[31mred\u202e\n', 5)).toEqual(['\u001b[31mred\u202e']);
  });

  it('is empty when there is no log, or something else in its place', async () => {
    await using state = await makeTempState();
    const job = state.addJob();
    expect(await open(state).logTail(job.id, 5)).toEqual([]);
    mkdirSync(logPath(state.path, job.id));
    expect(await open(state).logTail(job.id, 5)).toEqual([]);
  });
});

describe('watch', () => {
  it('tells once of changes that come together, until it is stopped', async () => {
    await using state = await makeTempState();
    const job = state.addJob();
    let told = 0;
    let tell: () => void = () => {};
    const stop = open(state).watch(() => {
      told += 1;
      tell();
    });
    const next = new Promise<void>((resolve) => {
      tell = resolve;
    });
    for (let index = 0; index < 50; index += 1)
      state.database.prepare('UPDATE jobs SET name = ? WHERE seq = ?').run(`name ${index}`, job.seq);
    await next;
    expect(told).toBe(1);
    stop();
    // A watch of the same kind that began later hears what the stopped one does not.
    const { promise: heard, resolve } = Promise.withResolvers<void>();
    const stopLater = open(state).watch(resolve);
    state.database.exec("UPDATE jobs SET name = 'last'");
    await heard;
    stopLater();
    expect(told).toBe(1);
  });

  it('can be stopped where there is nothing to watch', async () => {
    await using folder = await makeFolder();
    const stop = open({ path: folder.at('missing') }).watch(() => {});
    expect(stop).not.toThrow();
  });
});

describe('find, units and audit', () => {
  it('answer from the store', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ id: 'bone', name: 'Orders', units: ['done', 'failed'] });
    appendAudit(state.database, job.seq, { atMs: 0, principal: 'ops', action: 'run', outcome: 'done', details: {} });
    const place = open(state);
    const directory = `${state.path}/jobs/bone`;
    expect(await place.find('Orders', 9)).toEqual([
      { id: 'bone', name: 'Orders', kind: 'batch', family: 'units', source: 'native', directory },
    ]);
    expect(await place.units('bone', { statuses: ['failed'], offset: 0, limit: 9 })).toMatchObject({
      units: [{ number: 2 }],
      total: 1,
    });
    expect(await place.audit('bone')).toMatchObject([{ sequence: 1, action: 'run' }]);
  });

  it('JOB_UNKNOWN: nobody knows the job, or there is no store', async () => {
    await using state = await makeTempState();
    await using folder = await makeFolder();
    for (const place of [open(state), open({ path: folder.at('none') })]) {
      const unknown = expect.objectContaining({ code: 'JOB_UNKNOWN', details: { job: 'bnone' } });
      await expect(place.units('bnone', { statuses: [], offset: 0, limit: 1 })).rejects.toThrow(unknown);
      await expect(place.audit('bnone')).rejects.toThrow(unknown);
      expect(await place.find('bnone', 9)).toEqual([]);
      expect(await place.report('bnone')).toBeUndefined();
    }
    expect(hashFiles(folder.path)).toMatchObject({ '.': expect.any(String) });
    expect(Object.keys(hashFiles(folder.path))).toEqual(['.']);
  });
});

describe('writeReport and report', () => {
  const NAMED = { ...sampleReport(), job: { ...sampleReport().job, id: 'bone' } };

  it('keep every report by its id, and the last word by its name', async () => {
    await using state = await makeTempState();
    state.addJob({ id: 'bone' });
    const second = { ...NAMED, report_id: 'report-2' };
    const path = await writeReport(state.path, NAMED, { isLastWord: true });
    expect(path).toBe(reportPath(state.path, 'bone'));
    expect(await open(state).report('bone')).toEqual(NAMED);
    const kept = await writeReport(state.path, second, { isLastWord: false });
    expect(kept).toBe(`${state.path}/jobs/bone/reports/report-2.json`);
    expect(await open(state).report('bone')).toEqual(NAMED);
    const files = Object.keys(hashFiles(`${state.path}/jobs/bone`));
    expect(files).toEqual(['.', 'recovery-report.json', 'reports', 'reports/report-1.json', 'reports/report-2.json']);
  });

  it('find none where something else stands', async () => {
    await using state = await makeTempState();
    state.addJob({ id: 'bone' });
    for (const content of ['', 'not JSON', '{}', '{"schema_version":2}']) {
      writeFileSync(reportPath(state.path, 'bone'), content);
      expect(await open(state).report('bone')).toBeUndefined();
    }
  });
});
