/** Every scenario of fixtures/tau: what a resume with the program itself comes to. */
import { describe, expect, it } from 'vitest';
import { parseAnswer, runSalvor } from '../../helpers/salvor.ts';
import { copyTauFixture, listTauScenarios, readTauExpectation } from '../../helpers/tau-directory.ts';

type Expectation = {
  readonly verdict: string;
  readonly exit_code: number;
  readonly report?: Readonly<Record<string, unknown>>;
  readonly diagnostics?: readonly string[];
  readonly error?: { readonly code: string; readonly says: readonly string[] };
};

describe.each(listTauScenarios())('fixtures/tau/%s', (scenario) => {
  const expected = readTauExpectation(scenario) as Expectation;

  it('looking at it says its verdict and changes nothing', async () => {
    using folder = copyTauFixture(scenario);
    const before = folder.snapshot();
    const { jobs } = parseAnswer(await runSalvor(['list', folder.path, '--all', '--json'], { env: folder.env })) as {
      readonly jobs: readonly Readonly<Record<string, string>>[];
    };
    expect(jobs).toMatchObject([{ source: 'tau', kind: 'training', verdict: expected.verdict }]);
    const id = jobs[0]?.['id'] ?? '';
    expect((await runSalvor(['show', id, folder.path, '--json'], { env: folder.env })).code).toBe(0);
    expect((await runSalvor(['--choice', 'resume', folder.path, '--dry-run'], { env: folder.env })).code).toBe(
      expected.exit_code,
    );
    expect(folder.snapshot()).toEqual(before);
  });

  it('a resume comes to what is expected', async () => {
    using folder = copyTauFixture(scenario);
    const before = folder.snapshot();
    const ended = await runSalvor(['--choice', 'resume', folder.path, '--json'], { env: folder.env });
    expect(ended.code).toBe(expected.exit_code);
    const answer = parseAnswer(ended);
    if (expected.error) {
      const error = answer['error'] as { readonly code: string; readonly message: string };
      expect(error.code).toBe(expected.error.code);
      for (const phrase of expected.error.says) expect(error.message).toContain(phrase);
      expect(folder.snapshot()).toEqual(before);
      return;
    }
    expect(answer).toMatchObject({ ...expected.report });
    const diagnostics = answer['diagnostics'] as readonly string[];
    for (const [index, phrase] of (expected.diagnostics ?? []).entries()) expect(diagnostics[index]).toContain(phrase);
    expect(folder.readJson('control-state.json')).toMatchObject({ lifecycle_state: 'running', last_action: 'resume' });
  });
});
