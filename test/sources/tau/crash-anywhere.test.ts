/** A crash before any file operation of an action: what is there can always be read, told and gone on from. */
import { describe, expect, it } from 'vitest';
import { countActions } from '../../../src/core/evidence/count-actions.ts';
import type { Evidence } from '../../../src/core/evidence/schema.ts';
import { controlOf } from '../../../src/core/families/training-control/control-of.ts';
import type { ActingChoice } from '../../../src/core/job/schema.ts';
import { systemFileOperations, type WritableFile } from '../../../src/platform/files/file-operations.ts';
import { copyTauFixture, type TauFolder } from '../../helpers/tau-directory.ts';
import { actOnTauFolder, lookAtTauFolder } from '../../helpers/tau-session.ts';

/** What others can see is changed by these; whatever else is done before a death leaves the same. */
const CHANGES: readonly PropertyKey[] = ['makeDirectory', 'create', 'openEnd', 'link', 'rename'];

/** Operations that stop before one that changes something, and for good; an append may get half of its bytes down. */
function makeDying(stopAt: number, tearAppends: boolean) {
  let count = 0;
  const die = (): void => {
    count += 1;
    if (count >= stopAt) throw new Error(`died before operation ${count}`);
  };
  const operations = new Proxy(systemFileOperations, {
    get:
      (target, name) =>
      async (...given: unknown[]) => {
        if (CHANGES.includes(name)) die();
        else if (count >= stopAt) throw new Error('died before');
        const done = await (Reflect.get(target, name) as (...rest: unknown[]) => unknown)(...given);
        return name === 'openEnd' ? guardAppend(done as WritableFile) : done;
      },
  });
  const guardAppend = (file: WritableFile): WritableFile => ({
    ...file,
    async write(bytes, offset) {
      if (count + 1 === stopAt && tearAppends)
        await file.write(bytes.subarray(0, Math.floor(bytes.length / 2)), offset);
      die();
      return file.write(bytes, offset);
    },
  });
  return { operations, wasReached: () => count >= stopAt };
}

const CASES: readonly (readonly [ActingChoice, string, string | undefined])[] = [
  ['resume', 'crashed-primary', undefined],
  ['resume', 'torn-audit', undefined],
  ['cancel', 'crashed-fallback', undefined],
  ['pause', 'crashed-primary', undefined],
  ['rollback', 'crashed-primary', 'fallback'],
];

type Case = { readonly choice: ActingChoice; readonly checkpoint: { readonly checkpoint?: string } };

/** What was cut short is read whole, loses nothing, and is told. */
function expectTold({ choice }: Case, before: Evidence, after: Evidence): void {
  expect(after.files?.filter(({ state }) => state === 'invalid')).toEqual([]);
  expect(['primary', 'fallback']).toContain(controlOf(after).restore.source);
  expect(after.audit.actions.slice(0, before.audit.actions.length)).toEqual(before.audit.actions);
  const isRecorded = after.audit.actions.length > before.audit.actions.length;
  const isChanged = controlOf(after).updatedAtMs !== controlOf(before).updatedAtMs;
  if (isRecorded) expect(isChanged).toBe(true);
  if (!isChanged || isRecorded) return;
  expect(controlOf(after).unfinished).toMatchObject({ action: choice });
  expect(controlOf(after).unfinished?.missing).toContain('audit_row');
  const isRestored = after.checkpoints?.[0]?.sha256 !== before.checkpoints?.[0]?.sha256;
  const isOpen = choice === 'rollback' && !isRestored;
  expect(controlOf(after).unfinished?.missing.includes('restored_checkpoint')).toBe(isOpen);
}

/** The same action once more: everything agrees afterwards. */
async function expectCompleted({ choice, checkpoint }: Case, folder: TauFolder): Promise<void> {
  expect((await actOnTauFolder(folder.path, choice, checkpoint)).stage).toBe('reported');
  const end = await lookAtTauFolder(folder.path);
  expect([controlOf(end).unfinished, controlOf(end).tornLine]).toEqual([undefined, undefined]);
  expect(countActions(end.audit.actions).reduce((sum, { count }) => sum + count, 0)).toBe(end.audit.entryCount);
  const actionId = folder.readJson('control-state.json')['salvor_action_id'];
  expect(folder.rows().at(-1)?.['salvor_action_id']).toBe(actionId);
  const isRecovery = choice === 'resume' || choice === 'cancel';
  if (isRecovery) expect(folder.readJson('recovery-report.json')['report_id']).toBe(actionId);
}

describe.each(CASES)('%s of %s, stopped before any file operation', (choice, scenario, checkpoint) => {
  const one: Case = { choice, checkpoint: checkpoint === undefined ? {} : { checkpoint } };

  it.each([false, true])('leaves what the next look tells and the next try completes (half rows: %s)', async (tear) => {
    for (let stopAt = 1; ; stopAt += 1) {
      using folder = copyTauFixture(scenario);
      const before = await lookAtTauFolder(folder.path);
      const dying = makeDying(stopAt, tear);
      const state = await actOnTauFolder(folder.path, choice, { ...dying, ...one.checkpoint });
      if (!dying.wasReached()) {
        expect(state.stage).toBe('reported');
        expect(stopAt).toBeGreaterThan(2);
        return;
      }
      expectTold(one, before, await lookAtTauFolder(folder.path));
      await expectCompleted(one, folder);
    }
  });
});
