import type { UnitEngine } from '../../../core/execution/unit-engine.ts';
import type { LocalEngineOptions } from './local-engine-options.ts';
import { makeCommandRunner } from './make-command-runner.ts';
import { makeWorkerRunner } from './make-worker-runner.ts';

/**
 * Makes the engine that carries out units on this machine: a command for each, or one worker for all. There is a
 * `verify` only when the job has one.
 *
 * Errors: see `makeWorkerRunner` for a worker that keeps dying.
 * Source: contract, job files; design, durable execution.
 */
export function makeLocalEngine(options: LocalEngineOptions): UnitEngine {
  const { program } = options;
  const commands = makeCommandRunner(options);
  const worker = program.worker && makeWorkerRunner(program.worker, options);
  return {
    start: async () => worker?.start(),
    perform: (work, onReceipt) => (worker ?? commands).perform(work, onReceipt),
    ...(program.verify && { verify: commands.verify }),
    stop: async () => {
      await commands.idle();
      await worker?.stop();
    },
    kill: () => {
      commands.kill();
      worker?.kill();
    },
  };
}
