/**
 * Faulty parts: what a fault makes of the parts of a stream, one after the other.
 */
import { unknownUsage } from '../models/answer-of-parts.ts';
import type { FinishReasonV4, StreamPartV3, StreamPartV4 } from '../models/language-model.ts';
import type { BrokenInput, CutEnd, DrawnFault } from './model-fault.ts';
import { ProviderError } from './provider-error.ts';

export type Part = StreamPartV4 | StreamPartV3;

/** What becomes of a part. */
export interface Passed {
  /** What is sent instead of it. */
  readonly send: readonly Part[];
  /** Whether it comes late. */
  readonly isLate?: boolean;
  /** The stream ends after that, or fails of `error`. */
  readonly end?: { readonly error?: unknown };
}

export class FaultyParts {
  /** Whether the fault has struck: a fault may be drawn that finds nothing to strike. */
  struck = false;
  readonly #drawn: DrawnFault;
  readonly #open = new OpenBlocks();
  readonly #isV4: boolean;
  #parts = 0;
  #chunks = 0;
  /** The tool calls of the answer so far, and which of them is the one. */
  readonly #calls: string[] = [];
  #held: string | undefined;
  #input: string | undefined;

  constructor(drawn: DrawnFault, isV4: boolean) {
    this.#drawn = drawn;
    this.#isV4 = isV4;
  }

  pass(part: Part): Passed {
    const passed = this.#through(part);
    this.#parts += 1;
    for (const sent of passed.send) {
      this.#open.see(sent);
    }
    return passed;
  }

  #through(part: Part): Passed {
    const drawn = this.#drawn;
    switch (drawn.fault) {
      case 'slow':
        return { send: [part], isLate: this.#isPlace(part, drawn.afterParts) };
      case 'cut':
        return this.#isPlace(part, drawn.afterParts) ? this.#cut(part, drawn.end) : { send: [part] };
      case 'server-error':
        return drawn.afterParts !== undefined && this.#isPlace(part, drawn.afterParts)
          ? this.#fail(part, drawn.statusCode)
          : { send: [part] };
      case 'duplicated':
        return this.#twice(part, drawn.nth);
      case 'malformed-arguments':
        return this.#isOf(part, drawn.nth) ? this.#malformed(part, drawn.input) : { send: [part] };
      case 'wrong-tool':
        return this.#isOf(part, drawn.nth) ? this.#misnamed(part, drawn.toolName) : { send: [part] };
      default:
        return part.type === 'finish' && drawn.fault === 'missing-usage'
          ? this.#strike({ ...part, usage: unknownUsage })
          : { send: [part] };
    }
  }

  /** The place of a fault, or the finish, when the answer is shorter than that. Once. */
  #isPlace(part: Part, afterParts: number): boolean {
    const isPlace = !this.struck && (this.#parts === afterParts || part.type === 'finish');
    this.struck ||= isPlace;
    return isPlace;
  }

  #strike(...send: Part[]): Passed {
    this.struck = true;
    return { send };
  }

  #cut(part: Part, end: CutEnd): Passed {
    switch (end) {
      case 'broken':
        return { send: [], end: { error: connectionBroken() } };
      case 'without a finish':
        return { send: [], end: {} };
      case 'said to be incomplete':
        // Version 3 has no word for it.
        return { send: this.#ending(part, this.#isV4 ? 'interrupted' : 'other'), end: {} };
    }
  }

  #fail(part: Part, statusCode: number): Passed {
    const error = new ProviderError({ statusCode, message: 'Overloaded' });
    return { send: this.#ending(part, 'error', { type: 'error', error }), end: {} };
  }

  /** Ends what is open, and the answer. An answer that ends has begun, although the fault was there first. */
  #ending(part: Part, unified: FinishReasonV4['unified'], ...news: Part[]): Part[] {
    const begin = part.type === 'stream-start' ? [part] : [];
    const finish: Part = { type: 'finish', finishReason: { unified, raw: undefined }, usage: unknownUsage };
    return [...begin, ...news, ...this.#open.ends(), finish];
  }

  #twice(part: Part, nth: number): Passed {
    if (part.type !== 'tool-call' && !part.type.endsWith('-delta')) {
      return { send: [part] };
    }
    this.#chunks += 1;
    return this.#chunks === nth + 1 ? this.#strike(part, part) : { send: [part] };
  }

  /** Whether a part belongs to the nth tool call that the answer has. */
  #isOf(part: Part, nth: number): boolean {
    const id = part.type === 'tool-call' ? part.toolCallId : inputIdOf(part);
    if (id === undefined) {
      return false;
    }
    if (!this.#calls.includes(id)) {
      this.#calls.push(id);
    }
    return this.#calls[nth] === id;
  }

  #misnamed(part: Part, toolName: string | undefined): Passed {
    if (part.type !== 'tool-input-start' && part.type !== 'tool-call') {
      return { send: [part] };
    }
    const wrong =
      toolName === undefined || toolName === part.toolName ? `${part.toolName}_that_is_not` : toolName;
    return this.#strike({ ...part, toolName: wrong });
  }

  #malformed(part: Part, how: BrokenInput): Passed {
    switch (part.type) {
      case 'tool-input-delta':
        return this.#sendInput(part.id, this.#brokenDelta(part.delta, how));
      case 'tool-input-end': {
        const last = this.#held?.slice(0, this.#held.length >> 1) ?? '';
        this.#held = undefined;
        const { send } = this.#sendInput(part.id, last);
        return { send: [...send, part] };
      }
      case 'tool-call': {
        const input = this.#input ?? broken(part.input, how);
        return this.#strike({ ...part, input });
      }
      default:
        return { send: [part] };
    }
  }

  /** The piece to be sent for this one; of an input to be cut, the piece before it. */
  #brokenDelta(delta: string, how: BrokenInput): string {
    if (how === 'cut') {
      const before = this.#held ?? '';
      this.#held = delta;
      return before;
    }
    const isFirst = this.#input === undefined;
    return how === 'wrapped in prose' ? (isFirst ? prose + delta : delta) : isFirst ? otherShape : '';
  }

  #sendInput(id: string, delta: string): { readonly send: readonly Part[] } {
    this.#input = (this.#input ?? '') + delta;
    return { send: delta === '' ? [] : [{ type: 'tool-input-delta', id, delta }] };
  }
}

const prose = 'Sure! ';
const otherShape = '[]';

/** The whole of an input that is not sent in pieces. */
const broken = (input: string, how: BrokenInput): string =>
  how === 'cut' ? input.slice(0, -1) : how === 'wrapped in prose' ? prose + input : otherShape;

const inputIdOf = (part: Part): string | undefined =>
  part.type === 'tool-input-start' || part.type === 'tool-input-delta' || part.type === 'tool-input-end'
    ? part.id
    : undefined;

/** What reading a body fails of when its connection breaks. */
export const connectionBroken = (): Error =>
  new TypeError('terminated', { cause: new Error('other side closed') });

/** The blocks that have begun and not ended. */
class OpenBlocks {
  readonly #ends = new Map<string, Part>();

  see(part: Part): void {
    if (part.type === 'text-start' || part.type === 'reasoning-start' || part.type === 'tool-input-start') {
      const type = endOf[part.type];
      this.#ends.set(`${type} ${part.id}`, { type, id: part.id } as Part);
    } else if (part.type.endsWith('-end') && 'id' in part) {
      this.#ends.delete(`${part.type} ${part.id}`);
    }
  }

  ends(): Part[] {
    return [...this.#ends.values()];
  }
}

const endOf = {
  'text-start': 'text-end',
  'reasoning-start': 'reasoning-end',
  'tool-input-start': 'tool-input-end',
} as const;
