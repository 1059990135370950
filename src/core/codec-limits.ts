/** What a codec takes, in both directions: what it packs, another with the same limits unpacks. */
export interface CodecLimits {
  /** Most bytes of a message; a whole number from 16 up; 16 MiB when not given. */
  readonly bytesMax?: number;
  /** How deep lists, objects, maps and sets may be in each other; from 1 to 1 000; 100 when not given. */
  readonly depthMax?: number;
  /**
   * Most objects in a message: lists, objects, maps, sets, dates and binary data; a whole number
   * from 1 up; 100 000 when not given. An object counts once for every 32 fields that it has. It bounds
   * the memory that a few bytes can ask for: an empty map is one byte, and two hundred when it has been made.
   */
  readonly objectsMax?: number;
}

// The stack holds many times as many levels; nobody nests deeper by intention.
const deepest = 1_000;

/**
 * Fills in what is not given, and checks what is.
 *
 * Errors: `RangeError`, naming the limit.
 *
 * @example
 * codecLimits({ depthMax: 10 }).depthMax // => 10
 * codecLimits({}).bytesMax // => 16_777_216
 */
export function codecLimits(limits: CodecLimits): Required<CodecLimits> {
  const { bytesMax = 16 * 1_024 * 1_024, depthMax = 100, objectsMax = 100_000 } = limits;
  return {
    bytesMax: wholeNumber('bytesMax', bytesMax, 16, 0xffff_ffff),
    depthMax: wholeNumber('depthMax', depthMax, 1, deepest),
    objectsMax: wholeNumber('objectsMax', objectsMax, 1, Number.MAX_SAFE_INTEGER),
  };
}

/** As how many objects one of so many fields counts: one of very many fields is a dictionary of fifty bytes for each. */
export function weightOf(fields: number): number {
  return fields < 32 ? 1 : fields >>> 5;
}

function wholeNumber(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} is a whole number from ${least} to ${most}; got ${String(value)}`);
  }
  return value;
}
