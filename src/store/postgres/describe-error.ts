/** What a server of PostgreSQL or the way to it refuses, as operators meet it. */
import { type ErrorCode, isRecoveryError, RecoveryError } from '../../core/errors.ts';

/** SQLSTATE codes by what they mean for an operator. Source: PostgreSQL documentation, appendix A. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  '28000': 'STATE_DENIED',
  '28P01': 'STATE_DENIED',
  '42501': 'STATE_DENIED',
  '3D000': 'TARGET_UNKNOWN',
  '25006': 'STATE_UNWRITABLE',
  '55P03': 'STATE_UNWRITABLE',
  '40001': 'STATE_UNWRITABLE',
  '40P01': 'STATE_UNWRITABLE',
  '57014': 'STATE_UNWRITABLE',
  '53100': 'STATE_FULL',
  '53300': 'STATE_UNREACHABLE',
  '53200': 'STATE_UNREACHABLE',
  // What Salvor asks for is right for a whole store: a table, a column or a function is not there.
  '42P01': 'STATE_CORRUPT',
  '42703': 'STATE_CORRUPT',
  '42883': 'STATE_CORRUPT',
  '3F000': 'STATE_CORRUPT',
  '58P01': 'STATE_CORRUPT',
};
/** Classes of them, for what is not named one by one. */
const CLASSES: Readonly<Record<string, ErrorCode>> = {
  '08': 'STATE_UNREACHABLE',
  '57': 'STATE_UNREACHABLE',
  '23': 'STATE_CORRUPT',
  '58': 'STATE_UNWRITABLE',
  XX: 'STATE_CORRUPT',
};

/** Codes after which a connection is gone. */
const LOSSES: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '25P04']);

/** The SQLSTATE of an error of the server; undefined for one that is not the server's. */
export function readSqlState(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && 'severity' in Object(error) ? code : undefined;
}

/** Whether an error says that the connection is gone: whatever is not an answer of the server does. */
export function isLoss(error: unknown): boolean {
  const state = readSqlState(error);
  return state === undefined || state.startsWith('08') || LOSSES.has(state);
}

/** Makes the error an operator meets of one of the server's; any other passes unchanged. */
export function describeError(place: string, error: unknown): unknown {
  const state = readSqlState(error);
  if (state === undefined || isRecoveryError(error)) return error;
  const code = CODES[state] ?? CLASSES[state.slice(0, 2)] ?? 'INTERNAL';
  return new RecoveryError(code, `${place}: ${describeReason(error)}`, {
    details: { place, sqlstate: state },
    cause: error,
  });
}

/** The same of what kept a session from being made: what no server said is that none can be reached. */
export function describeNotReached(place: string, error: unknown): unknown {
  if (readSqlState(error) !== undefined || isRecoveryError(error)) return describeError(place, error);
  return new RecoveryError('STATE_UNREACHABLE', `${place}: ${describeReason(error)}`, {
    details: { place },
    cause: error,
  });
}

/** The error of a connection that was lost; `when` says what that leaves open. */
export function describeLoss(place: string, error: unknown, when?: string): RecoveryError {
  const message = `${place}: the connection is lost: ${describeReason(error)}${when === undefined ? '' : `; ${when}`}`;
  return new RecoveryError('STATE_UNREACHABLE', message, { details: { place }, cause: error });
}

function describeReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A host with several addresses is refused by each of them.
  if (error instanceof AggregateError && error.message === '') {
    return [...new Set(error.errors.map(describeReason))].join('; ');
  }
  return error.message === '' && 'code' in error ? String(error.code) : error.message;
}
