/**
 * A plain value: a small copy of any value at all that JSON can hold.
 *
 * Payloads are whatever users send: cyclic, huge, proxies, with getters that
 * throw. A writer must get through all of it. So the copy reads own data
 * properties only; it calls neither getters nor `toJSON`, and what cannot be read
 * is named in brackets: `[Circular]`, `[getter]`, `[Function]`, `[unreadable]`.
 * An error becomes its tag (or name), code, class, message, cause and stack. What
 * stands under a secret's name becomes `[redacted]`. As in JSON, a field that is
 * undefined is left out.
 *
 * Guarantees
 *   - It never throws, and `JSON.stringify` of the copy does not either.
 *   - Bound: as JSON the copy has about `charsMax` characters, and at most six
 *     times as many (which only control characters need) and 200. No list or
 *     record shows more than 32 elements, nothing is deeper than 8. What does not
 *     fit is shown as `…`.
 *
 * Cost: what is shown, and O(n) for the names of an object of n fields.
 */
import { type IsSecret, isSecretName, redacted } from './redact.ts';
import { shorten } from './shorten.ts';

/** What JSON can hold. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [name: string]: Plain };

export interface PlainOptions {
  /** About how many characters the copy may hold; at least 1. */
  readonly charsMax: number;
  /** Which names hold secrets; `isSecretName` by default. */
  readonly isSecret?: IsSecret | undefined;
  /** Whether errors that carry no tag, which nobody expected, keep their stack; `false` by default. */
  readonly stacks?: boolean | undefined;
}

// None of the three is derived: a person reads the copy, and reads no further than this.
const entriesMax = 32;
const depthMax = 8;
const nameCharsMax = 100;

/** Past this a big integer is not spelled out: it would take time in the square of its length. */
const spelledMax = 2n ** 256n;

/**
 * Copies a value, as far as a reader needs it.
 *
 * @example
 * plainValue({ id: 7n, apiKey: 'sk-1' }, { charsMax: 100 }) // => { id: '7n', apiKey: '[redacted]' }
 * plainValue(['abcdef', 'ghi', 'jkl'], { charsMax: 12 }) // => ['abcdef', '…', '… 1 more']
 */
export function plainValue(value: unknown, options: PlainOptions): Plain {
  return new Copy(options).of(value);
}

class Copy {
  readonly #isSecret: IsSecret;
  readonly #stacks: boolean;
  readonly #ancestors = new Set<object>();
  #charsLeft: number;

  constructor({ charsMax, isSecret = isSecretName, stacks = false }: PlainOptions) {
    this.#charsLeft = charsMax;
    this.#isSecret = isSecret;
    this.#stacks = stacks;
  }

  of(value: unknown): Plain {
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'number':
        return Number.isFinite(value) ? this.#spent(value) : this.#text(String(value));
      case 'boolean':
        return this.#spent(value);
      case 'bigint':
        return this.#text(value < spelledMax && value > -spelledMax ? `${value}n` : '[BigInt]');
      case 'symbol':
        return this.#text(value.toString());
      case 'function':
        return this.#text('[Function]');
      default:
        return value === null || value === undefined ? this.#spent(null) : this.#object(value);
    }
  }

  #text(text: string): string {
    const shown = shorten(text, Math.max(1, this.#charsLeft));
    this.#charsLeft -= shown.length + 2;
    return shown;
  }

  #spent(value: number | boolean | null): number | boolean | null {
    this.#charsLeft -= String(value).length;
    return value;
  }

  #object(value: object): Plain {
    if (this.#ancestors.has(value)) {
      return this.#text('[Circular]');
    }
    if (this.#ancestors.size >= depthMax) {
      return this.#text('…');
    }
    this.#ancestors.add(value);
    try {
      return this.#read(value);
    } catch {
      // A proxy refused, or a prototype lies about what this is.
      return this.#text('[unreadable]');
    } finally {
      this.#ancestors.delete(value);
    }
  }

  #read(value: object): Plain {
    if (Array.isArray(value)) {
      return this.#list(value.length, (index) => ownData(value, index));
    }
    if (value instanceof Error) {
      return this.#error(value);
    }
    if (value instanceof Date) {
      const atMs = Date.prototype.getTime.call(value);
      return this.#text(Number.isNaN(atMs) ? 'Invalid Date' : new Date(atMs).toISOString());
    }
    if (value instanceof Map) {
      const entries = Map.prototype.entries.call(value);
      return this.#record(sizeOf(Map.prototype, value), () => entries.next().value as [unknown, unknown]);
    }
    if (value instanceof Set) {
      const elements = Set.prototype.values.call(value);
      return this.#list(sizeOf(Set.prototype, value), () => elements.next().value);
    }
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      return this.#text(`[${value.byteLength} bytes]`);
    }
    const names = Object.keys(value);
    const prototype: object | null = Object.getPrototypeOf(value);
    if (names.length === 0 && prototype !== null && prototype !== Object.prototype) {
      return this.#text(`[${prototype.constructor.name}]`);
    }
    return this.#record(names.length, (index) => [names[index], ownData(value, names[index]!)]);
  }

  #list(length: number, elementAt: (index: number) => unknown): Plain {
    const copy: Plain[] = [];
    this.#charsLeft -= 2;
    for (let index = 0; index < length; index += 1) {
      if (index === entriesMax || this.#charsLeft <= 0) {
        copy.push(`… ${length - index} more`);
        break;
      }
      this.#charsLeft -= 1;
      copy.push(this.of(elementAt(index)));
    }
    return copy;
  }

  #record(size: number, entryAt: (index: number) => readonly [unknown, unknown]): Plain {
    // Without a prototype, so that a field called `__proto__` is a field.
    const copy: Record<string, Plain> = Object.create(null);
    this.#charsLeft -= 2;
    for (let index = 0; index < size; index += 1) {
      if (index === entriesMax || this.#charsLeft <= 0) {
        copy['…'] = `${size - index} more`;
        break;
      }
      const [key, element] = entryAt(index);
      if (element !== undefined) {
        const name = typeof key === 'string' ? key : JSON.stringify(this.of(key));
        this.#field(copy, name, element);
      }
    }
    return copy;
  }

  #field(copy: Record<string, Plain>, name: string, element: unknown): void {
    const shownName = shorten(name, Math.min(nameCharsMax, Math.max(1, this.#charsLeft)));
    this.#charsLeft -= shownName.length + 4;
    copy[shownName] = element !== null && this.#isSecret(name) ? this.#text(redacted) : this.of(element);
  }

  #error(error: Error): Plain {
    const facts = ['code', 'class', 'message', 'cause', 'errors'];
    const tagged = typeof readOf(error, '_tag') === 'string';
    const names = [tagged ? '_tag' : 'name', ...facts, ...(this.#stacks && !tagged ? ['stack'] : [])];
    return this.#record(names.length, (index) => [names[index], readOf(error, names[index]!)]);
  }
}

/** What an object itself holds under a name; a getter is not called. */
function ownData(value: object, name: PropertyKey): unknown {
  const property = Reflect.getOwnPropertyDescriptor(value, name);
  return property === undefined || 'value' in property ? property?.value : '[getter]';
}

/** What an error says under a name: there the getters are ours, or those of the language. */
function readOf(error: Error, name: string): unknown {
  try {
    return Reflect.get(error, name);
  } catch {
    return '[unreadable]';
  }
}

/** The size of a map or set, whatever its subclass says. */
const sizeOf = (prototype: object, value: object): number => Reflect.get(prototype, 'size', value);
