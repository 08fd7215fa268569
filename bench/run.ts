/** `npm run bench [-- [--small] [NAME...]]`: measures what the design promises, one line for every number. */
import { type Bench, FULL, SMALL } from './measure/bench.ts';
import { describeMachine } from './measure/machine-facts.ts';
import { formatResult } from './measure/result.ts';

/** Every bench, loaded when it runs: some need a terminal. */
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  start: async () => (await import('./cases/start.ts')).start,
  scripts: async () => (await import('./cases/scripts.ts')).scripts,
  console: async () => (await import('./cases/console.ts')).console,
  keys: async () => (await import('./cases/keys.ts')).keys,
  rows: async () => (await import('./cases/rows.ts')).rows,
  plan: async () => (await import('./cases/plan.ts')).plan,
  resume: async () => (await import('./cases/resume.ts')).resume,
  checkpoint: async () => (await import('./cases/checkpoint.ts')).checkpoint,
  memory: async () => (await import('./cases/memory.ts')).memory,
};
/** Those that need npm's registry and a PostgreSQL: only when they are asked for by name. */
const APART: typeof BENCHES = { peers: async () => (await import('./cases/peers.ts')).peers };

async function run(words: readonly string[]): Promise<number> {
  const sizes = words.includes('--small') ? SMALL : FULL;
  const asked = words.filter((word) => word !== '--small');
  const known = { ...BENCHES, ...APART };
  const unknown = asked.filter((name) => !(name in known));
  if (unknown.length > 0) {
    console.error(`no bench ${unknown.join(', ')}; there are ${Object.keys(known).join(', ')}`);
    return 2;
  }
  for (const line of describeMachine()) console.log(line);
  for (const [name, load] of Object.entries(asked.length > 0 ? known : BENCHES)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    const bench = await load();
    for (const result of await bench.run(sizes)) console.log(formatResult(result));
  }
  return 0;
}

process.exitCode = await run(process.argv.slice(2));
