/**
 * The limits of a system: refused at once, by name, when they cannot be.
 */

/** What a system is asked to keep to, as far as it is a number or one of a few words. */
export interface SystemLimits {
  readonly validate?: string | undefined;
  readonly requestTimeoutMs?: number | undefined;
  readonly hopsMax?: number | undefined;
  readonly topicsMax?: number | undefined;
}

const validations = ['edge', 'always', 'never'];

/** Errors: `RangeError`, naming the option and the value received. */
export function checkSystemLimits({
  validate = 'edge',
  requestTimeoutMs = 0,
  hopsMax = 1,
  topicsMax = 1,
}: SystemLimits): void {
  if (!validations.includes(validate)) {
    throw new RangeError(`validate of a system is one of ${validations.join(', ')}; got '${validate}'`);
  }
  checkLength('requestTimeoutMs', requestTimeoutMs);
  checkCount('hopsMax', hopsMax, 0);
  checkCount('topicsMax', topicsMax, 1);
}

/** Errors: `RangeError` for a length of time that is no number from 0 up. */
export function checkLength(name: string, lengthMs: number | undefined): void {
  if (lengthMs !== undefined && !(lengthMs >= 0)) {
    throw new RangeError(`${name} is a number of milliseconds, at least 0; got ${lengthMs}`);
  }
}

function checkCount(name: string, count: number, least: number): void {
  if (count !== Number.POSITIVE_INFINITY && !(Number.isInteger(count) && count >= least)) {
    throw new RangeError(`${name} of a system is a whole number, at least ${least}; got ${count}`);
  }
}
