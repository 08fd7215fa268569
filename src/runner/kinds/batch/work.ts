import type { UnitWork } from '../../../core/execution/unit-engine.ts';
import { buildCommand } from '../../command/build-command.ts';
import { compileTemplate } from '../../command/compile-template.ts';
import { buildUnitEnvironment } from '../../command/row-environment.ts';
import type { UnitCommand, UnitProgram } from '../../engines/unit-program.ts';
import type { JobWork } from '../../job-work.ts';
import { makePendingUnits } from '../../pending-units.ts';
import { readTextMembers } from '../../split-members.ts';
import type { KindWork } from '../kind.ts';
import { checkBatch, listTemplateNames } from './check-batch.ts';
import { judgeBatchEnd } from './judge-end.ts';
import { parseBatchFile } from './parse-batch-file.ts';
import { openRows } from './rows/open-rows.ts';
import { type BatchSpec, parseBatchSpec } from './schema.ts';
import { writeBackBatch } from './write-back-batch.ts';

/** What is done with jobs of rows. Source: contract, job files. */
export const BATCH_WORK: KindWork = {
  async readFile(file) {
    const written = parseBatchFile(file);
    const spec = { ...written, name: file.name ?? written.name, columns: await readColumns(written) };
    checkBatch(spec);
    return makeBatchWork(spec);
  },
  parse: (spec) => makeBatchWork(parseBatchSpec(spec)),
};

/** One job of rows. Errors: none. */
export function makeBatchWork(spec: BatchSpec): JobWork {
  const { name, rowsPath, command, worker, verify, directory, env, concurrency, retry, onError } = spec;
  const lines = [command, worker, verify].filter((line) => line !== undefined);
  return {
    ...{ name, unit: 'row', rowsPath },
    spec: JSON.stringify(spec),
    commands: { lines, place: { directory, env } },
    openUnits: () => openRows(spec),
    concurrency,
    retry,
    makeProgram: () => makeProgram(spec),
    makeCourse: (held) => ({
      next: makePendingUnits(held),
      mayGoOn: (_, { type }) => onError === 'continue' || type === 'done' || type === 'postponed',
    }),
    judgeEnd: judgeBatchEnd,
    ...(spec.writeBack.length > 0 && { writeBack: (asked) => writeBackBatch({ ...asked, spec }) }),
  };
}

async function readColumns(spec: BatchSpec): Promise<readonly string[]> {
  const rows = await openRows(spec);
  await rows.close();
  return rows.columns;
}

function makeProgram(spec: BatchSpec): UnitProgram {
  const { name: jobName, directory, env, params, worker, receipt, timeoutMs } = spec;
  const compile = (key: 'command' | 'worker' | 'verify') => {
    const template = spec[key];
    return template === undefined ? undefined : compileTemplate(key, template, listTemplateNames(spec, key));
  };
  const makeCommand = (key: 'command' | 'verify'): ((work: UnitWork) => UnitCommand) | undefined => {
    const template = compile(key);
    return (
      template &&
      ((work) => {
        const row = readTextMembers(work.rowJson);
        return {
          args: buildCommand(template, { params, unit: { work, row } }),
          environment: buildUnitEnvironment(work, row),
          input: `${work.rowJson}\n`,
        };
      })
    );
  };
  const [command, verify, longLived] = [makeCommand('command'), makeCommand('verify'), compile('worker')];
  return {
    ...{ jobName, directory, env },
    ...(command && { command }),
    ...(verify && { verify }),
    ...(worker !== undefined && longLived && { worker: buildCommand(longLived, { params }) }),
    ...(receipt && { receiptField: receipt.field }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}
