/** Settling a unit by hand: as what, with which receipt, for which reason. */

import { describeSettled } from '../../present/settled-words.ts';
import { chooseUnitWord } from '../../present/words.ts';
import type { SettleDialog } from './console-state.ts';
import { type Core, type JobLink, say, sayError, setDialog } from './core.ts';
import { settledOf } from './deeds.ts';
import { rowAtCursor } from './list-window.ts';

/** Opens the dialog for the unit under the cursor of the review. */
export function startSettle(core: Core): void {
  const { job } = core.store.snapshot();
  const unit = job === undefined ? undefined : rowAtCursor(job.units);
  if (unit === undefined) return;
  setDialog(core, { type: 'settle', unit, field: 'reason', receipt: unit.receipt ?? '', reason: '' });
}

/** Says as what the unit is settled; a unit that was done is asked for its receipt first. */
export function settleAs(core: Core, as: 'done' | 'pending' | 'skipped'): void {
  updateSettle(core, (dialog) => ({ ...dialog, as, field: as === 'done' ? 'receipt' : 'reason' }));
}

/** Goes from the receipt to the reason, and from the reason to settling; a reason is always needed. */
export function settleNext(core: Core): void {
  const dialog = core.store.snapshot().dialog;
  if (dialog?.type !== 'settle' || dialog.as === undefined) return;
  if (dialog.field === 'receipt') {
    updateSettle(core, (open) => ({ ...open, field: 'reason' }));
    return;
  }
  if (dialog.reason.trim() === '') {
    say(core, 'A reason is needed: it is kept in the audit trail.', 'warning');
    return;
  }
  const receipt = dialog.receipt.trim();
  const withReceipt = dialog.as === 'done' && receipt !== '' ? { receipt } : {};
  setDialog(core, undefined);
  const { number, eventSequence } = dialog.unit;
  const { link } = core;
  core.warning = undefined;
  link?.session.send({
    type: 'settle',
    units: [{ number, eventSequence }],
    as: dialog.as,
    reason: dialog.reason.trim(),
    ...withReceipt,
  });
  if (link !== undefined) core.deeds.wait(link.session.idle().then(() => tellLate(core, link)));
}

/** What became of a settle whose job was closed meanwhile. */
function tellLate(core: Core, { session }: JobLink): void {
  const now = session.snapshot();
  if (core.link?.session === session || core.store.snapshot().job !== undefined) return;
  const [first] = settledOf(now) ?? [];
  // What went wrong beside it stands there already.
  if (first !== undefined && core.warning === undefined)
    say(core, describeSettled(first, 'evidence' in now ? chooseUnitWord(now.evidence) : 'row'));
  else if (now.stage === 'refused') sayError(core, now.error);
}

/** One step back: from the reason to the receipt, to the choice, out of the dialog. */
export function settleBack(core: Core): void {
  const dialog = core.store.snapshot().dialog;
  if (dialog?.type !== 'settle' || dialog.as === undefined) {
    setDialog(core, undefined);
    return;
  }
  if (dialog.as === 'done' && dialog.field === 'reason') {
    updateSettle(core, (open) => ({ ...open, field: 'receipt' }));
    return;
  }
  updateSettle(core, ({ as: _as, ...open }) => ({ ...open, field: 'reason' }));
}

/** Changes the open settle dialog; the message before goes. */
export function updateSettle(core: Core, change: (dialog: SettleDialog) => SettleDialog): void {
  core.store.update((state) =>
    state.dialog?.type === 'settle' ? { ...state, dialog: change(state.dialog), notice: undefined } : state,
  );
}
