/**
 * Redaction of a cassette: what is taken out before anything is hashed or written.
 *
 * A secret is known by the name of its field, as everywhere in Troupe, also in
 * JSON that stands inside a text (the input of a tool call) and in the query of a
 * URL; `Bearer …` and passwords in URLs are taken out of any text. What else is
 * secret, only you know: `redact` sees every text. The parts of a streamed text are
 * looked at together, so that a secret is found although it came in two pieces.
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
    return Object.fromEntries(
      Object.entries(json as Record<string, JsonValue>).map(([name, value]) => [
        name,
        this.#field(name, value),
      ]),
    );
  }

  #field(name: string, value: JsonValue): JsonValue {
    if (name === 'type') {
      return value; // What kind of thing it is, is nobody's secret.
    }
    // What is no value holds no secret, and says something.
    return value !== null && typeof value !== 'boolean' && this.#isSecret(name)
      ? redacted
      : this.value(value);
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
    if (!/^\s*[[{]/.test(text)) {
      return text.replace(inQuery, (whole, before: string, name: string) =>
        this.#isSecret(name) ? `${before}${name}=${redacted}` : whole,
      );
    }
    try {
      const json = JSON.parse(text) as JsonValue;
      const without = JSON.stringify(this.value(json));
      return without === JSON.stringify(json) ? text : without;
    } catch {
      return text; // It only looked like JSON.
    }
  }
}

const inQuery = /([?&])([\w.-]+)=[^&#\s"']+/g;
const bearer = /\b(Bearer\s+)[\w.~+/=-]{8,}/gi;
const password = /(:\/\/[^/\s:@]*:)[^/\s@]+@/g;

function deltaOf(part: JsonValue): { readonly block: string; readonly delta: string } {
  const { type, id, delta } = part as { type?: unknown; id?: unknown; delta?: unknown };
  return { block: `${type} ${id}`, delta: typeof delta === 'string' ? delta : '' };
}
