/**
 * A schema: what tells whether a value has the shape it should have.
 *
 * Any Standard Schema is one (Zod, Valibot, ArkType, Effect's
 * `Schema.toStandardSchemaV1`), so Troupe needs no schema library of its own. Its
 * output may differ from what it was given: defaults are filled in, text becomes
 * a date.
 *
 * Source: Standard Schema 1.1, standardschema.dev. Narrower in one thing: a
 * schema must check synchronously, because messages are checked on their way.
 */
import { describeValue } from './describe-value.ts';
import { Failure } from './failure.ts';
import { shorten } from './shorten.ts';

/** What a schema makes of a value: another value, or what is wrong with it. */
export type Validated<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong, as a schema says it. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A Standard Schema, version 1, whose output is an `Output`. */
export interface StandardSchema<out Output> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Validated<Output> | Promise<Validated<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

export const unchecked: StandardSchema<unknown> = Object.freeze({
  '~standard': Object.freeze({
    version: 1,
    vendor: 'troupe',
    validate: (value: unknown) => ({ value }),
  }),
});

/**
 * Makes a schema that checks nothing and only carries a type.
 *
 * @example
 * check(type<{ id: string }>(), 'not what the type says', 'a message') // => 'not what the type says'
 */
export function type<T>(): StandardSchema<T> {
  return unchecked as StandardSchema<T>;
}

/** One thing that is wrong: where, as `user.tags[0]` (empty for the value itself), and what. */
export interface InvalidPart {
  readonly path: string;
  readonly message: string;
}

// Not derived: a person mends what the first few say and looks again.
const issuesMax = 32;
const issuesNamedMax = 5;
const issueCharsMax = 300;
const valueCharsMax = 200;

/** A value did not have the shape it should have. Its code is `INVALID_PARAMS`. */
export class InvalidParams extends Failure {
  readonly _tag = 'InvalidParams';
  readonly code = 'INVALID_PARAMS';
  readonly class = 'invalid';
  /** What the value was meant to be: `payload of 'orders.placed'`. */
  readonly what: string;
  /** The value, itself. */
  readonly value: unknown;
  /** What is wrong with it, in the schema's order: the first 32 things. */
  readonly issues: readonly InvalidPart[];

  constructor(facts: { what: string; value: unknown; issues: readonly InvalidPart[]; cause?: unknown }) {
    super('cause' in facts ? { cause: facts.cause } : undefined);
    this.what = facts.what;
    this.value = facts.value;
    this.issues = facts.issues;
  }

  /** At most five issues of 300 characters and 200 characters of the value, its secrets redacted. */
  override get message(): string {
    const named = this.issues.slice(0, issuesNamedMax).map(asSentence);
    const more = this.issues.length > issuesNamedMax ? ['…'] : [];
    const got = describeValue(this.value, valueCharsMax);
    return `invalid ${this.what}: ${[...named, ...more].join('; ')}; got ${got}`;
  }
}

/**
 * Checks a value and returns what the schema makes of it.
 *
 * Errors: `InvalidParams`, when the value is not valid, and also when the schema
 * cannot say so at once: it throws (then that is the cause) or it is asynchronous.
 *
 * Cost: that of the schema; nothing for `type<T>()`.
 *
 * @param what What the value is meant to be, for the message: `an order`.
 * @param name Stands behind it in quotes, `payload of 'orders.placed'`: put together only when it is needed.
 */
export function check<Output>(
  schema: StandardSchema<Output>,
  value: unknown,
  what: string,
  name?: string,
): Output {
  if (schema === unchecked) {
    return value as Output;
  }
  let issues: readonly InvalidPart[];
  try {
    const result = schema['~standard'].validate(value);
    if (isPromise(result)) {
      result.then(undefined, () => {});
      issues = [{ path: '', message: asynchronous(schema['~standard'].vendor) }];
    } else if (!result.issues) {
      return result.value;
    } else {
      issues = result.issues.slice(0, issuesMax).map(asPart);
    }
  } catch (cause) {
    const thrown = describeValue(cause, issueCharsMax);
    throw new InvalidParams({
      what: named(what, name),
      value,
      issues: [{ path: '', message: `its schema threw ${thrown}` }],
      cause,
    });
  }
  throw new InvalidParams({ what: named(what, name), value, issues });
}

const named = (what: string, name: string | undefined): string =>
  name === undefined ? what : `${what} '${name}'`;

const isPromise = (result: object): result is Promise<unknown> =>
  'then' in result && typeof result.then === 'function';

const asynchronous = (vendor: string): string =>
  `its schema (${vendor}) answered with a promise, but a topic's schema must be synchronous: ` +
  'look for something asynchronous in it, or for a function in it that throws';

const asPart = ({ path = [], message }: SchemaIssue): InvalidPart => ({
  path: shorten(path.map(asStep).join('').replace(/^\./, ''), issueCharsMax),
  message: shorten(String(message), issueCharsMax),
});

function asStep(segment: PropertyKey | { readonly key: PropertyKey }): string {
  const key = typeof segment === 'object' ? segment.key : segment;
  if (typeof key === 'string') {
    return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  }
  return `[${String(key)}]`;
}

const asSentence = ({ path, message }: InvalidPart): string =>
  path === '' ? message : `${path}: ${message}`;
