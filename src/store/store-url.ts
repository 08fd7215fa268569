/** Places that URLs name, and their passwords, which are neither shown nor handed on with them. */

/** Whether a place is named by a URL: a database that hosts may share. */
export function isStoreUrl(place: string): boolean {
  return /^postgres(ql)?:\/\//.test(place);
}

/** A URL whose user and server are as they must be: a password in it ends where it says. */
const WELL_FORMED = /^(postgres(?:ql)?:\/\/[^:@/?#]*):[^@/?#]*(@[^@/?#]*(?:[/?#].*)?)$/s;
/** One without a password: servers with ports, and no `@` before what is asked of them. */
const WITHOUT =
  /^postgres(?:ql)?:\/\/(?:[^@/?#]*@)?(?:\[[^\]/?#]*\]|[^:@/?#,[]*)(?::\d*)?(?:,[^@/?#]*)?(?:\/[^@?#]*)?(?:[?#].*)?$/s;

/**
 * A place as it may be shown and kept: a URL without its password. Of one that is malformed, as by a `/` or `@` in the
 * password, everything goes that may be of it. Anything else is as it was.
 *
 * Errors: none.
 */
export function withoutPassword(place: string): string {
  if (!isStoreUrl(place)) return place;
  const shown = WELL_FORMED.test(place)
    ? place.replace(WELL_FORMED, '$1$2')
    : WITHOUT.test(place)
      ? place
      : place.replace(/^([^:]*:\/\/[^:@/?#]*):.*@/s, '$1@');
  return shown.replace(/([?&])(password|sslpassword)=[^&#]*&?/gi, '$1').replace(/[?&]$/, '');
}

/** Kept with the process and not with this module: each file of the bundle has modules of its own. */
const KEPT = Symbol.for('salvor.passwords');

function keptPasswords(): Map<string, string> {
  const known: unknown = Reflect.get(globalThis, KEPT);
  if (known instanceof Map) return known;
  const made = new Map<string, string>();
  Reflect.set(globalThis, KEPT, made);
  return made;
}

/**
 * Takes the password out of a URL and keeps it for whoever connects, so that the place can be shown, compared and handed
 * on. A place that is no such URL is as it was.
 */
export function keepPassword(place: string): string {
  const shown = withoutPassword(place);
  if (isStoreUrl(place) && shown !== place) keptPasswords().set(shown, place);
  return shown;
}

/** The URL as it was named, with its password. */
export function restorePassword(place: string): string {
  return keptPasswords().get(place) ?? place;
}
