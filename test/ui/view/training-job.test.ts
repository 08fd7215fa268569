/** The console's views of a training job, on evidence of a real directory. */
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/core/families/diagnose.ts';
import { buildProposals } from '../../../src/core/families/propose.ts';
import { type Pane, startState } from '../../../src/ui/state/console-state.ts';
import { startWindow } from '../../../src/ui/state/list-window.ts';
import { assembleFrame } from '../../../src/ui/view/assemble-frame.ts';
import { lineText } from '../../../src/ui/view/line.ts';
import { copyTauFixture } from '../../helpers/tau-directory.ts';
import { lookAtTauFolder } from '../../helpers/tau-session.ts';

async function show(scenario: string, pane: Pane, choice?: 'resume') {
  using folder = copyTauFixture(scenario);
  const evidence = await lookAtTauFolder(folder.path);
  const diagnosis = diagnose(evidence);
  const authority = { principal: 'local:test', policy: { type: 'none' }, readOnly: false, canAct: true } as const;
  const looked = { evidence, diagnosis, proposals: buildProposals({ evidence, diagnosis, authority }) };
  const proposal = looked.proposals.resume;
  const isPlanned = choice !== undefined && proposal?.type === 'plan';
  const session = isPlanned
    ? ({ stage: 'planned', ...looked, plan: proposal.plan } as const)
    : ({ stage: 'diagnosed', ...looked } as const);
  const state = startState({ columns: 120, rows: 40, place: '', version: '', readOnly: false });
  const frame = assembleFrame({
    ...state,
    job: {
      jobId: evidence.job.id,
      name: evidence.job.name,
      session,
      looked,
      pane,
      isReviewing: false,
      stale: undefined,
      units: startWindow(40),
      audit: [],
      log: [],
      seenAtMs: evidence.collectedAtMs,
    },
  });
  return frame.above.map(lineText).join('\n');
}

describe('a training job in the console', () => {
  it('has its checkpoints as rows, and below a bad one where and why', async () => {
    const text = await show('crashed-fallback', 'units');
    expect(text).toContain('[2 checkpoints]');
    expect(text).toContain('Training would go on from the fallback checkpoint, global step 800.');
    expect(text).toMatch(/primary +R refused/);
    expect(text).toMatch(/CHECKPOINT_INVALID at byte 150: expected .*, found the end of the file/s);
    expect(text).toMatch(/fallback +B structure is whole/);
    expect(text).toContain('run run-77, global step 800, optimizer step 400, saved 2025-11-24');
  });

  it('names the field of a checkpoint whose version nobody knows, and a generation that is not there', async () => {
    const text = await show('crashed-none', 'units');
    expect(text).toContain('No checkpoint can be loaded.');
    expect(text).toContain('CHECKPOINT_VERSION_UNSUPPORTED at field checkpoint_version, byte');
    expect(text).toMatch(/fallback +there is none/);
  });

  it('says in the audit view what the replay yields', async () => {
    expect(await show('torn-audit', 'audit')).toContain(
      'The replay yields 2 actions: 1 pause, 1 resume; line 3 at byte',
    );
  });

  it('says in the prompt at which step it stopped, and in the plan from which it goes on', async () => {
    expect(await show('crashed-primary', 'prompt')).toContain('was interrupted at step 900.');
    const plan = await show('crashed-fallback', 'prompt', 'resume');
    expect(plan.replace(/\s+/g, ' ')).toContain(
      'training of run run-77 goes on from global step 800; Salvor cannot tell how many steps are lost',
    );
  });
});
