/**
 * The cassette format: how recordings stand in a file, version 1.
 *
 * It is JSON that is read in a diff: a request over several lines, each part of an
 * answer on a line of its own. What is torn or was changed by accident is named,
 * and never taken for a recording.
 */
import { Failure, reasonOf } from '../core/failure.ts';
import type { JsonObject, JsonValue } from '../models/language-model.ts';
import { type RecordedRequest, requestKey } from './recorded-request.ts';

/** What came of a call. */
export type RecordedResponse =
  /** `doGenerate`. */
  | { readonly end: 'answered'; readonly answer: JsonValue }
  /** There was no answer: `error` says why. */
  | { readonly end: 'rejected'; readonly error: JsonValue }
  /** `doStream`: its parts, and how it ended after them. */
  | { readonly end: 'finished' | 'cancelled'; readonly parts: readonly JsonValue[] }
  | { readonly end: 'failed' | 'aborted'; readonly parts: readonly JsonValue[]; readonly error: JsonValue };

/** A call and what came of it. */
export interface Recording {
  /** SHA-256 of the request. */
  readonly key: string;
  readonly request: RecordedRequest;
  /** Which addresses the model fetched itself, by media type; left out when there are none. */
  readonly supportedUrls?: JsonObject | undefined;
  readonly response: RecordedResponse;
}

/** A cassette cannot be read. */
export class CorruptCassette extends Failure {
  readonly _tag = 'CorruptCassette';
  readonly code = 'CORRUPT_CASSETTE';
  readonly class = 'permanent';
  /** Which one: the path of a file. */
  readonly cassette: string;
  /** What is wrong with it, and where. */
  readonly reason: string;

  constructor(facts: { cassette: string; reason: string; cause?: unknown }) {
    super(facts.cause === undefined ? undefined : { cause: facts.cause });
    this.cassette = facts.cassette;
    this.reason = facts.reason;
  }

  override get message(): string {
    return `'${this.cassette}' is not a cassette that can be read: ${this.reason}. Restore it, or delete it and record anew`;
  }
}

/** A cassette was written by another version of Troupe. */
export class UnknownCassetteVersion extends Failure {
  readonly _tag = 'UnknownCassetteVersion';
  readonly code = 'UNKNOWN_CASSETTE_VERSION';
  readonly class = 'permanent';
  readonly cassette: string;
  readonly version: unknown;

  constructor(facts: { cassette: string; version: unknown }) {
    super();
    this.cassette = facts.cassette;
    this.version = facts.version;
  }

  override get message(): string {
    return `'${this.cassette}' is of version ${String(this.version)}, and this release reads version ${version}: use the release it was recorded with, or delete it and record anew`;
  }
}

const version = 1;

/** The text of a cassette. */
export function printCassette(recordings: readonly Recording[]): string {
  const printed = recordings.map((recording) => indented(printRecording(recording), 4));
  const list = printed.length === 0 ? '[]' : `[\n${printed.join(',\n')}\n  ]`;
  return `{\n  "troupe": "cassette",\n  "version": ${version},\n  "recordings": ${list}\n}\n`;
}

/** The text of one recording: the same for the same recording. */
export function printRecording({ key, request, supportedUrls, response }: Recording): string {
  const facts = Object.entries(response).map(([name, value]) => `    "${name}": ${printed(name, value)}`);
  return [
    '{',
    `  "key": ${JSON.stringify(key)},`,
    `  "request": ${indented(JSON.stringify(request, undefined, 2), 2).trimStart()},`,
    ...(supportedUrls === undefined ? [] : [`  "supportedUrls": ${JSON.stringify(supportedUrls)},`]),
    `  "response": {\n${facts.join(',\n')}\n  }`,
    '}',
  ].join('\n');
}

function printed(name: string, value: unknown): string {
  if (name !== 'parts' || (value as unknown[]).length === 0) {
    return indented(JSON.stringify(value, undefined, 2), 4).trimStart();
  }
  return `[\n${(value as unknown[]).map((part) => `      ${JSON.stringify(part)}`).join(',\n')}\n    ]`;
}

const indented = (text: string, by: number): string => text.replace(/^/gm, ' '.repeat(by));

/**
 * Reads the text of a cassette.
 *
 * Errors: `CorruptCassette`, `UnknownCassetteVersion`.
 */
export function parseCassette(text: string, cassette: string): readonly Recording[] {
  const corrupt = (reason: string, cause?: unknown): never => {
    throw new CorruptCassette({ cassette, reason, cause });
  };
  const file = asRecord(jsonOf(text, corrupt));
  if (file?.['troupe'] !== 'cassette') {
    return corrupt('it does not say "troupe": "cassette"');
  }
  if (file['version'] !== version) {
    throw new UnknownCassetteVersion({ cassette, version: file['version'] });
  }
  const recordings = file['recordings'];
  if (!Array.isArray(recordings)) {
    return corrupt('it has no list of recordings');
  }
  return recordings.map((recording: unknown, n) => {
    const wrong = wrongWith(recording);
    return wrong === undefined ? (recording as Recording) : corrupt(`recording ${n + 1} ${wrong}`);
  });
}

function jsonOf(text: string, corrupt: (reason: string, cause: unknown) => never): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    return corrupt(`it is no JSON: ${reasonOf(cause)}`, cause);
  }
}

/** What is wrong with a recording, if anything. */
function wrongWith(recording: unknown): string | undefined {
  const { key, request, response, supportedUrls = {} } = asRecord(recording) ?? {};
  const answer = asRecord(response);
  if (asRecord(request) === undefined || answer === undefined) {
    return 'has no request or no response';
  }
  if (key !== requestKey(request as JsonValue)) {
    return 'has a key that is not that of its request: the request was changed';
  }
  if (asRecord(supportedUrls) === undefined || !Object.values(supportedUrls as object).every(Array.isArray)) {
    return 'has supportedUrls that are none';
  }
  const needed = fieldsOf.get(answer['end']);
  if (needed === undefined) {
    return `ends in a way that does not exist: ${JSON.stringify(answer['end'])}`;
  }
  const missing = needed.find((name) => answer[name] === undefined);
  if (missing !== undefined) {
    return `has no ${missing}`;
  }
  const { parts } = answer;
  const isList = !needed.includes('parts') || (Array.isArray(parts) && parts.every(isPart));
  return isList ? undefined : 'has parts that are none';
}

const fieldsOf: ReadonlyMap<unknown, readonly string[]> = new Map(
  Object.entries({
    answered: ['answer'],
    rejected: ['error'],
    finished: ['parts'],
    cancelled: ['parts'],
    failed: ['parts', 'error'],
    aborted: ['parts', 'error'],
  }),
);

const isPart = (part: unknown): boolean => typeof asRecord(part)?.['type'] === 'string';

const asRecord = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
