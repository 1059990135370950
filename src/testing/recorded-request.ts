/**
 * A recorded request: what a model was asked, in the one form that equal requests share.
 *
 * The key of a request is the SHA-256 of that form. In it are the model, the method
 * and everything of the call that could change the answer. Not in it are the signal
 * and the headers: the one is of this run, and the others hold secrets. Secrets in
 * other places are taken out before the hash is made.
 */
import { createHash } from 'node:crypto';
import { shorten } from '../core/shorten.ts';
import type { JsonObject, JsonValue, LanguageModel, ModelCall } from '../models/language-model.ts';
import { toCassetteJson } from './cassette-json.ts';
import type { CassetteRedaction } from './cassette-redaction.ts';

export interface RecordedRequest extends JsonObject {
  readonly method: 'doGenerate' | 'doStream';
  readonly specificationVersion: LanguageModel['specificationVersion'];
  readonly provider: string;
  readonly modelId: string;
  readonly call: JsonValue;
}

/** Which model is asked. */
export type ModelIdentity = Pick<LanguageModel, 'specificationVersion' | 'provider' | 'modelId'>;

/** Errors: `NotRecordable`. */
export function recordedRequest(
  method: RecordedRequest['method'],
  { specificationVersion, provider, modelId }: ModelIdentity,
  call: ModelCall,
  redaction: CassetteRedaction,
): RecordedRequest {
  const { abortSignal: _signal, headers: _headers, ...asked } = call;
  const written = toCassetteJson(asked, { sorted: true, digests: true });
  return { method, specificationVersion, provider, modelId, call: redaction.value(written) };
}

/**
 * The key of a request: 64 hexadecimal digits.
 *
 * @example
 * const [a, b] = [{ call: { seed: 1, topK: 2 } }, { call: { topK: 2, seed: 1 } }]
 * requestKey(a) === requestKey(b) // => true
 */
export function requestKey(request: JsonValue): string {
  const canonical = JSON.stringify(request, (_name, value: JsonValue) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(canonical).digest('hex');
}

const linesMax = 6;
const charsMax = 120;

/**
 * What differs between two requests, a line for each place; the last line says of how many more.
 *
 * @example
 * differencesBetween({ seed: 1, topK: 2 }, { seed: 3 }) // => ['seed: recorded 1, asked 3', 'topK: recorded 2, not asked']
 */
export function differencesBetween(recorded: JsonValue, asked: JsonValue): readonly string[] {
  const [before, now] = [leavesOf(recorded), leavesOf(asked)];
  const places = [...new Set([...before.keys(), ...now.keys()])].filter(
    (place) => before.get(place) !== now.get(place),
  );
  const lines = places.slice(0, linesMax).map((place) => {
    const [had, has] = [before.get(place), now.get(place)];
    const was = had === undefined ? 'not recorded' : `recorded ${shorten(had, charsMax)}`;
    return `${place}: ${was}, ${has === undefined ? 'not asked' : `asked ${shorten(has, charsMax)}`}`;
  });
  return places.length > linesMax ? [...lines, `and ${places.length - linesMax} more`] : lines;
}

/** In how many places two requests differ. */
export function distanceBetween(recorded: JsonValue, asked: JsonValue): number {
  const [before, now] = [leavesOf(recorded), leavesOf(asked)];
  return [...new Set([...before.keys(), ...now.keys()])].filter(
    (place) => before.get(place) !== now.get(place),
  ).length;
}

/** Each value in it that has no parts, by its place. */
function leavesOf(json: JsonValue): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>();
  const visit = (value: JsonValue, place: string): void => {
    const parts = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    if (parts.length === 0) {
      leaves.set(place, JSON.stringify(value));
    }
    for (const [name, part] of parts) {
      visit(part as JsonValue, place === '' ? name : `${place}.${name}`);
    }
  };
  visit(json, '');
  return leaves;
}
