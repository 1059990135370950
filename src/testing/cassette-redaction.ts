/**
 * Redaction of a cassette: what is taken out before anything is hashed or written.
 *
 * A secret is known by the name of its field, as everywhere in Troupe, also as the
 * key of a Map, in JSON that stands inside a text (the input of a tool call), whole
 * or torn, and in the query of a URL; `Bearer …` and passwords in URLs are taken out
 * of any text. What else is secret, only you know: `redact` sees every text and every
 * name of a field, but for the words of the interface itself (`type`, `tool-call`).
 * The parts of a streamed text are looked at together, so that a secret is found
 * although it came in two pieces.
 */
import { type IsSecret, isSecretName, redacted } from '../core/redact.ts';
import type { JsonObject, JsonValue } from '../models/language-model.ts';

export interface RedactionOptions {
  /** Which names hold secrets; `isSecretName` of the event writers when not given. */
  readonly isSecret?: IsSecret;
  /** Takes out of a text what nobody should read; the same text must always give the same. */
  readonly redact?: (text: string) => string;
}

export class CassetteRedaction {
  readonly #isSecret: IsSecret;
  readonly #custom: (text: string) => string;

  constructor({ isSecret = isSecretName, redact = (text) => text }: RedactionOptions = {}) {
    this.#isSecret = isSecret;
    this.#custom = redact;
  }

  /** The value without its secrets. */
  value(json: JsonValue): JsonValue {
    if (typeof json === 'string') {
      return this.text(json);
    }
    if (typeof json !== 'object' || json === null) {
      return json;
    }
    if (Array.isArray(json)) {
      return json.map((element) => this.value(element as JsonValue));
    }
    const fields = Object.entries(json as Record<string, JsonValue>);
    return fields.length === 1 && fields[0]![0] === '$map' && Array.isArray(fields[0]![1])
      ? { $map: fields[0]![1].map((entry) => this.#entry(entry)) }
      : this.#record(fields);
  }

  #record(fields: readonly (readonly [string, JsonValue])[]): JsonValue {
    const without = new Map<string, JsonValue>();
    for (const [name, value] of fields) {
      const shown = this.#name(name);
      // Two names may have become one: neither field is to be lost.
      let free = shown;
      for (let nth = 2; without.has(free); nth += 1) {
        free = `${shown} (${nth})`;
      }
      without.set(free, this.#field(name, value));
    }
    return Object.fromEntries(without);
  }

  #name(name: string): string {
    return words.has(name) ? name : this.text(name);
  }

  #field(name: string, value: JsonValue): JsonValue {
    if (name === 'type' && typeof value === 'string' && words.has(value)) {
      return value; // What kind of part it is, is nobody's secret.
    }
    // What is no value holds no secret, and says something.
    return value !== null && typeof value !== 'boolean' && this.#isSecret(name)
      ? redacted
      : this.value(value);
  }

  /** An entry of a Map, whose key is the name of a field. */
  #entry(entry: JsonValue): JsonValue {
    const [key, value] = Array.isArray(entry) && entry.length === 2 ? (entry as JsonValue[]) : [];
    return typeof key === 'string' && value !== undefined
      ? [this.text(key), this.#field(key, value)]
      : this.value(entry);
  }

  /** The text without its secrets. */
  text(text: string): string {
    return this.#custom(
      this.#withoutNamed(text).replace(bearer, `$1${redacted}`).replace(password, `$1${redacted}@`),
    );
  }

  /** The parts of a stream without their secrets; as many parts as before. */
  parts(parts: readonly JsonValue[]): readonly JsonValue[] {
    const texts = new Map<string, string>();
    for (const part of parts) {
      const { block, delta } = deltaOf(part);
      texts.set(block, (texts.get(block) ?? '') + delta);
    }
    const changed = new Map(
      [...texts]
        .map(([block, text]) => [block, this.text(text)] as const)
        .filter(([block, without]) => without !== texts.get(block)),
    );
    const told = new Set<string>();
    return parts.map((part) => {
      const { block, delta } = deltaOf(part);
      const without = this.value(part);
      if (delta === '') {
        return without;
      }
      // What was changed is sent at once: where the secret was torn is no longer known.
      const kept = changed.has(block) ? (told.has(block) ? '' : changed.get(block)!) : delta;
      told.add(block);
      return { ...(without as JsonObject), delta: kept };
    });
  }

  #withoutNamed(text: string): string {
    const shown = withoutValues(this.#inJson(text), nameInJson, endInJson, this.#isSecret);
    return withoutValues(shown, nameInQuery, endInQuery, this.#isSecret);
  }

  #inJson(text: string): string {
    if (!/^\s*[[{]/.test(text)) {
      return text;
    }
    let json: JsonValue;
    try {
      json = JSON.parse(text) as JsonValue;
    } catch {
      return text; // It is torn, or only looks like JSON.
    }
    const without = JSON.stringify(this.value(json));
    return without === JSON.stringify(json) ? text : without;
  }
}

/** A name in JSON that is torn, stands among other words, or inside a text of JSON once more. */
const nameInJson = /(?<quote>\\{0,8}")(?<name>[\w.$ -]{1,80})\k<quote>\s{0,8}:\s{0,8}/g;
const nameInQuery = /(?:^|[?&#])(?<name>[\w.-]{1,80})=/g;
const bearer = /\b(Bearer\s+)[\w.~+/=-]{8,}/gi;
const password = /(:\/\/[^/\s:@]*:)[^/\s@]+@/g;

/** The text without the values that follow the names of secrets; what is no secret is looked into. */
function withoutValues(
  text: string,
  named: RegExp,
  endOf: (text: string, from: number, quote: string) => number,
  isSecret: IsSecret,
): string {
  let shown = '';
  let from = 0;
  for (const match of text.matchAll(named)) {
    const begin = match.index + match[0].length;
    const { name = '', quote = '' } = match.groups!;
    // What begins before `from` stands in a value that was taken out.
    const end = match.index >= from && isSecret(name) ? endOf(text, begin, quote) : begin;
    if (end > begin) {
      shown += `${text.slice(from, begin)}${quote}${redacted}${quote}`; // A number, too, becomes a text.
      from = end;
    }
  }
  return shown + text.slice(from);
}

/** The end of a text or a number in JSON; of a text that is torn, too. */
function endInJson(text: string, from: number, quote: string): number {
  if (!text.startsWith(quote, from)) {
    numberInJson.lastIndex = from;
    return from + (numberInJson.exec(text)?.[0].length ?? 0);
  }
  let end = text.indexOf(quote, from + quote.length);
  while (end > 0 && text[end - 1] === '\\') {
    end = text.indexOf(quote, end + 1);
  }
  return end < 0 ? text.length : end + quote.length;
}

const numberInJson = /-?\d[\d.eE+-]*/y;

function endInQuery(text: string, from: number): number {
  endOfQuery.lastIndex = from;
  return endOfQuery.exec(text)?.index ?? text.length;
}

const endOfQuery = /[&#\s"']/g;

/** Names of fields and kinds of parts in the interface of models, and tags of cassette JSON: without one of them an answer is torn. */
const words: ReadonlySet<string> = new Set(
  `type id delta text content role prompt tools toolChoice toolCallId toolName input output result value
  name message code class cause provider statusCode isRetryable responseHeaders data url mediaType
  filename title sourceType providerOptions providerMetadata providerExecuted dynamic isError preliminary
  finishReason unified raw rawValue usage inputTokens outputTokens total noCache cacheRead cacheWrite
  reasoning warnings feature details setting error response modelId timestamp supportedUrls kind reason
  stream-start text-start text-delta text-end reasoning-start reasoning-delta reasoning-end
  reasoning-file tool-input-start tool-input-delta tool-input-end tool-call tool-result
  tool-approval-request approvalId source file custom response-metadata finish ping function json
  retry-after retry-after-ms x-should-retry
  $bytes $date $url $map $set $regexp $bigint $number $undefined $error`.split(/\s+/),
);

function deltaOf(part: JsonValue): { readonly block: string; readonly delta: string } {
  const { type, id, delta } = part as { type?: unknown; id?: unknown; delta?: unknown };
  return { block: `${type} ${id}`, delta: typeof delta === 'string' ? delta : '' };
}
