import { readOwnIdentity } from '../../platform/process-probe.ts';
import type { HeldJob, JobStore, StoreOptions } from '../contract.ts';
import { describeJobUnknown } from '../lease-errors.ts';
import type { JobRecord } from '../records.ts';
import { decideChange } from './change-job.ts';
import { createJob, takeBackJob } from './create-job.ts';
import { takeJob } from './held-job.ts';
import {
  findJobs,
  findSameRows,
  findUnfinishedElsewhere,
  hasName,
  type Onlooker,
  probeLiveness,
  readAuditFacts,
  readChain,
  readHolding,
  readJob,
  readRowsFiles,
} from './jobs.ts';
import { makeListReader } from './list-reader.ts';
import type { StoreHead } from './migrations.ts';
import { prepareStore } from './prepare-store.ts';
import { readReport, saveReport } from './reports.ts';
import { readLogTail } from './run-log.ts';
import type { Session } from './session.ts';
import { makeSessions } from './sessions.ts';
import type { Settings } from './settings.ts';
import { readNamedUnits, readRecordedUnits, readUnitRecords, readUnits } from './units.ts';
import { verifyStore } from './verify-store.ts';
import { describeChannel, watchStore } from './watch.ts';

/** Makes a store whose settings are read. Nothing is connected yet. */
export function makePostgresStore(settings: Settings, options: StoreOptions): Omit<JobStore, 'place' | 'directoryOf'> {
  const sessions = makeSessions(settings);
  const channel = describeChannel(settings);
  const own = options.identity ?? readOwnIdentity();
  const onlooker = (store: StoreHead): Onlooker & { readonly channel: string } => ({ own, store, channel });
  const held = new Set<HeldJob>();
  const readOne = async <T>(jobId: string, read: (session: Session, job: JobRecord) => Promise<T>): Promise<T> => {
    const seen = await sessions.read(async (session) => {
      const job = await readJob(session, jobId);
      return job && { value: await read(session, job) };
    });
    if (!seen) throw describeJobUnknown(jobId);
    return seen.value;
  };
  let isPrepared = false;
  const prepare = async () => {
    if (!isPrepared) await prepareStore(sessions);
    isPrepared = true;
  };
  return {
    async engine() {
      const [row] = await sessions.use((session) =>
        session.query("SELECT current_setting('server_version') AS version"),
      );
      return `PostgreSQL ${String(row?.version).split(' ')[0]}`;
    },
    async look(jobId) {
      const seen = await sessions.read((session, store) => lookAtJob(session, jobId, onlooker(store)));
      return seen && { ...seen, seenAtMs: options.nowMs() };
    },
    find: async (reference, limit) => (await sessions.read((session) => findJobs(session, reference, limit))) ?? [],
    list: (read) => sessions.read((session, store) => read(makeListReader(session, onlooker(store)))),
    units: (jobId, query) => readOne(jobId, (session, job) => readUnits(session, job, query)),
    namedUnits: (jobId, names) => readOne(jobId, (session, job) => readNamedUnits(session, job, names)),
    unitRecords: (jobId, query) => readOne(jobId, (session, job) => readUnitRecords(session, job, query)),
    audit: (jobId) => readOne(jobId, async (session, { seq }) => (await readChain(session, seq)).entries),
    report: (jobId) => sessions.read((session) => readReport(session, jobId)),
    async logTail(jobId, lineCount) {
      const read = (session: Session) => readLogTail(session, jobId, lineCount);
      return (await sessions.read(read).catch(() => undefined)) ?? [];
    },
    watch: (onChange) => watchStore(settings, onChange),
    hasName: async (name) => (await sessions.read((session) => hasName(session, name))) ?? false,
    sameRows: async (name, file) => (await sessions.read((session) => findSameRows(session, name, file))) ?? [],
    sharedRows: (jobId, limit) => readOne(jobId, (session, job) => findUnfinishedElsewhere(session, job, limit)),
    verify: () => sessions.read((session) => verifyStore(session)),
    prepare,
    async create(job, rows, judge) {
      await prepare();
      return createJob(sessions, { job, rows, ...(judge && { judge }) }, channel);
    },
    takeBack: (jobId) => takeBackJob(sessions, jobId, channel),
    async take(jobId, claim, judge) {
      const taken = await takeJob(sessions, { jobId, claim, judge }, { own, channel });
      held.add(taken);
      return taken;
    },
    change: (jobId, question, decide) =>
      sessions.change((session, store) => decideChange(session, { jobId, question, decide }, onlooker(store))),
    async saveReport(report, { isLastWord }) {
      await sessions.change(async (session) => ({ answer: await saveReport(session, report, isLastWord) }));
      return `report ${report.report_id} of job ${report.job.id} in ${settings.place}`;
    },
    async close() {
      for (const job of held) await job.release();
      await sessions.close();
    },
  };
}

/** Everything about one job in one snapshot, but for its lock, which nothing keeps as it was. */
async function lookAtJob(session: Session, jobId: string, onlooker: Onlooker) {
  const job = await readJob(session, jobId);
  if (!job) return undefined;
  const { seq } = job;
  const [holding, units, audit, rowsFiles] = await Promise.all([
    readHolding(session, seq),
    readRecordedUnits(session, job),
    readAuditFacts(session, seq),
    readRowsFiles(session, [seq]),
  ]);
  const { runner } = holding;
  const liveness = runner && (await probeLiveness(session, { seq, holder: runner }, onlooker));
  return { job, rowsFiles: rowsFiles.get(seq) ?? [], ...holding, units, audit, ...(liveness && { liveness }) };
}
