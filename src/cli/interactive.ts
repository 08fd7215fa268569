import { flushCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { RecoveryError } from '../core/errors.ts';
import type { JobError } from '../core/job/schema.ts';
import { systemClock } from '../platform/clock.ts';
import { combinePlaces } from './combine-places.ts';
import type { CommandContext } from './command-context.ts';
import { openSession, readActOptions } from './compose.ts';
import { actInProcess } from './detached/act-in-process.ts';
import { openConsole } from './interactive-terminal.ts';
import { openPlaces } from './open-places.ts';
import { permitRecommended } from './permit-recommended.ts';
import { readPlacePolicies } from './place-policies.ts';

/** `salvor`: opens the console on the targets. Source: contract, commands; design, the house. */
export async function runInteractive({ asked, config, version, programPath }: CommandContext): Promise<number> {
  if (config.json) throw new RecoveryError('USAGE_INVALID', '--json goes with a command, not with the console');
  const places = openPlaces(config, asked.positionals, asked.texts.source);
  const base = await readActOptions(config, asked, version);
  const placePolicies = await readPlacePolicies(config, places);
  let tellWarning: ((warning: JobError) => void) | undefined;
  const options = {
    ...base,
    placePolicies,
    dryRun: false,
    onWarning: (warning: JobError) => tellWarning?.(warning),
    background: { programPath, actIn: actInProcess({ ...base, programPath, detach: false }) },
  };
  const looker = { config, policy: base.policy, placePolicies };
  const { reader, placeOf } = combinePlaces(permitRecommended(places, looker));
  return openConsole({
    reader,
    openSession: (jobId) => openSession(placeOf(jobId), jobId, options),
    clock: systemClock,
    principal: config.principal,
    readOnly: config.readOnly,
    place: places.map((place) => shorten(place.path)).join(' '),
    version,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    onWarnings: (tell) => {
      tellWarning = tell;
    },
    noColor: config.noColor,
    // A console that is killed would never fill its compile cache: it is written once the first frame is there.
    onFirstFrame: flushCompileCache,
  });
}

function shorten(path: string): string {
  const home = homedir();
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
