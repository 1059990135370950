/**
 * A structural key: text that is the same for values that are alike.
 *
 *     { a: 1, b: [2] }   { b: [2], a: 1 }      one key
 *     1   '1'   [1]   null                     four keys
 *
 * It speaks of what JSON can hold, and of big integers and `undefined`. Whatever else
 * there is (a date, a map, an instance, a function) is refused: two such values may
 * look alike and not be.
 *
 * Cost: O(n) for a value of n characters; nothing is copied of a text.
 *
 * Source: RFC 8785, JSON Canonicalization Scheme, in which the fields of an object are
 * sorted by name.
 */
import { InvalidParams } from '../core/schema.ts';

/** Deeper than any message people send; a cycle ends here. */
const depthMax = 64;

/**
 * Fields that are `undefined` count as absent, as in JSON.
 *
 * Errors: `InvalidParams`, with the path to what cannot be part of a key.
 *
 * @param what What the key is for, for the message: `key of cache`.
 */
export function structuralKey(value: unknown, what: string): string {
  switch (typeof value) {
    case 'string':
      // A text alone needs no escapes: nothing comes after it.
      return `"${value}`;
    case 'object':
      return value === null ? 'null' : written(value, what, '', 0, value);
    default:
      return written(value, what, '', 0, value);
  }
}

/**
 * The key of an input: of what its `key` function says, where there is one.
 *
 * Errors: those of `structuralKey`; `InvalidParams` where that says `undefined`: all inputs
 * without an id would be taken for one.
 */
export function keyOf(key: ((input: unknown) => unknown) | undefined, input: unknown, what: string): string {
  if (key === undefined) {
    return structuralKey(input, what);
  }
  const told = key(input);
  if (told === undefined) {
    const message = 'its key is undefined, as that of all others without one: say what tells it apart';
    throw new InvalidParams({ what, value: input, issues: [{ path: '', message }] });
  }
  return structuralKey(told, what);
}

function written(value: unknown, what: string, path: string, depth: number, whole: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      // The one number that is like no other, itself included; and two zeros are one.
      return value === 0 ? '0' : String(value);
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      break;
    default:
      throw refused(whole, what, path, `a ${typeof value} is like no other`);
  }
  if (value === null) {
    return 'null';
  }
  if (depth === depthMax) {
    throw refused(whole, what, path, `it is nested deeper than ${depthMax}, or contains itself`);
  }
  if (Array.isArray(value)) {
    // Not `map`, which passes over what a list leaves out.
    return `[${Array.from(value, (one, index) => written(one, what, `${path}[${index}]`, depth + 1, whole)).join()}]`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw refused(whole, what, path, 'only plain objects, lists and simple values can be compared');
  }
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, field]) =>
        `${JSON.stringify(name)}:${written(field, what, path === '' ? name : `${path}.${name}`, depth + 1, whole)}`,
    );
  return `{${fields.join()}}`;
}

function refused(value: unknown, what: string, path: string, why: string): InvalidParams {
  return new InvalidParams({
    what,
    value,
    issues: [{ path, message: `${why}; say with the option \`key\` what tells inputs apart` }],
  });
}
