import type { Result } from './result.ts';

/** How large everything is: as the design says, or so small that a test can run it. */
export type Sizes = {
  /** Pairs of short programs. */
  readonly pairs: number;
  /** Pairs of long measurements. */
  readonly fewPairs: number;
  readonly jobs: number;
  readonly manyJobs: number;
  readonly keys: number;
  readonly quietMs: number;
  readonly durableRows: number;
  readonly peerRows: number;
  readonly peerPairs: number;
  readonly planRows: number;
  readonly resumeRows: number;
  readonly manyResumeRows: number;
  readonly rowsFileBytes: number;
  /** Numbers of a checkpoint. */
  readonly doubles: number;
};

/** The sizes of the design's table. */
export const FULL: Sizes = {
  pairs: 41,
  fewPairs: 9,
  jobs: 1_000,
  manyJobs: 100_000,
  keys: 1_000,
  quietMs: 2_000,
  durableRows: 5_000,
  peerRows: 2_000,
  peerPairs: 3,
  planRows: 1_000_000,
  resumeRows: 1_000,
  manyResumeRows: 100_000,
  rowsFileBytes: 64 * 2 ** 20,
  doubles: 1_000_000,
};

/** Just enough that every line of a bench runs. */
export const SMALL: Sizes = {
  pairs: 1,
  fewPairs: 1,
  jobs: 20,
  manyJobs: 200,
  keys: 5,
  quietMs: 50,
  durableRows: 300,
  peerRows: 50,
  peerPairs: 1,
  planRows: 500,
  resumeRows: 20,
  manyResumeRows: 40,
  rowsFileBytes: 2 ** 18,
  doubles: 1_000,
};

/** One bench: its name on the command line, and what it answers. */
export type Bench = { readonly name: string; readonly run: (sizes: Sizes) => Promise<readonly Result[]> };
