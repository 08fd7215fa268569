/**
 * Refuses an older Node.js than Salvor's when it is loaded: the first import of a library that needs it, so that what is
 * missing is said, and not met as a TypeError in the middle of something.
 *
 * Errors: NODE_UNSUPPORTED, naming the Node.js found.
 */
import { RecoveryError } from '../core/errors.ts';

/** The major version of the oldest Node.js that has all that is used. */
const OLDEST_NODE = 24;

const { node: version } = process.versions;

if (Number(version.split('.')[0]) < OLDEST_NODE) {
  const message = `salvor/checkpoint needs Node.js ${OLDEST_NODE} or newer; ${process.execPath} is ${version}`;
  throw new RecoveryError('NODE_UNSUPPORTED', message, { details: { needed: OLDEST_NODE, found: version } });
}
