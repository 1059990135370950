/**
 * The answer that a stream of parts amounts to: what `doGenerate` would have given.
 */
import type {
  ContentV3,
  ContentV4,
  FinishReasonV4,
  ModelAnswer,
  ModelUsage,
  ModelWarning,
  ProviderData,
  ReasoningContent,
  ResponseFacts,
  StreamPartV3,
  StreamPartV4,
  TextContent,
} from './language-model.ts';

/** What a model says of its tokens when it says nothing. */
export const unknownUsage: ModelUsage = Object.freeze({
  inputTokens: Object.freeze({
    total: undefined,
    noCache: undefined,
    cacheRead: undefined,
    cacheWrite: undefined,
  }),
  outputTokens: Object.freeze({ total: undefined, text: undefined, reasoning: undefined }),
});

/**
 * Puts parts together. A block of text or reasoning stands where it began, and
 * tools' inputs are those of their calls; what only a stream has (raw chunks,
 * pings) is left out.
 *
 * A stream without a `finish` gives the reason `other`, and nothing of its tokens.
 *
 * @example
 * const parts = [
 *   { type: 'text-start', id: '1' }, { type: 'text-delta', id: '1', delta: 'He' },
 *   { type: 'text-delta', id: '1', delta: 'llo' }, { type: 'text-end', id: '1' },
 * ] as const
 * answerOfParts(parts).content // => [{ type: 'text', text: 'Hello' }]
 */
export function answerOfParts(parts: readonly (StreamPartV4 | StreamPartV3)[]): ModelAnswer {
  const gathered = new Gathered();
  for (const part of parts) {
    gathered.add(part);
  }
  return gathered.answer();
}

class Gathered {
  readonly #content: (ContentV4 | ContentV3)[] = [];
  readonly #blocks = new Map<string, TextContent | ReasoningContent>();
  #warnings: ModelWarning[] = [];
  #response: ResponseFacts | undefined;
  #finishReason: FinishReasonV4 = { unified: 'other', raw: undefined };
  #usage = unknownUsage;
  #metadata: ProviderData | undefined;

  add(part: StreamPartV4 | StreamPartV3): void {
    switch (part.type) {
      case 'stream-start':
        this.#warnings = part.warnings;
        return;
      case 'response-metadata': {
        const { type: _, ...facts } = part;
        this.#response = facts;
        return;
      }
      case 'text-start':
      case 'reasoning-start':
        this.#begin(part.type === 'text-start' ? 'text' : 'reasoning', part.id, part.providerMetadata);
        return;
      case 'text-delta':
      case 'reasoning-delta':
        this.#goOn(part.type, part.id, part.delta);
        return;
      case 'text-end':
      case 'reasoning-end':
        this.#told(this.#blocks.get(keyOf(part.type, part.id)), part.providerMetadata);
        return;
      case 'finish':
        this.#finishReason = part.finishReason;
        this.#usage = part.usage;
        this.#metadata = part.providerMetadata;
        return;
      case 'tool-input-start':
      case 'tool-input-delta':
      case 'tool-input-end':
      case 'raw':
      case 'ping':
      case 'error':
        return;
      default:
        this.#content.push(part);
    }
  }

  answer(): ModelAnswer {
    return {
      content: this.#content,
      finishReason: this.#finishReason,
      usage: this.#usage,
      warnings: this.#warnings,
      ...(this.#metadata === undefined ? {} : { providerMetadata: this.#metadata }),
      ...(this.#response === undefined ? {} : { response: this.#response }),
    };
  }

  #begin(type: 'text' | 'reasoning', id: string, metadata: ProviderData | undefined): void {
    const block: TextContent | ReasoningContent = { type, text: '' };
    this.#blocks.set(`${type} ${id}`, block);
    this.#content.push(block);
    this.#told(block, metadata);
  }

  #goOn(type: string, id: string, delta: string): void {
    const block = this.#blocks.get(keyOf(type, id));
    if (block !== undefined) {
      block.text += delta;
    }
  }

  /** The last metadata of a block are those of the whole. */
  #told(block: { providerMetadata?: ProviderData } | undefined, metadata: ProviderData | undefined): void {
    if (block !== undefined && metadata !== undefined) {
      block.providerMetadata = metadata;
    }
  }
}

/** Text and reasoning may use the same ids. */
const keyOf = (type: string, id: string): string => `${type.slice(0, type.lastIndexOf('-'))} ${id}`;
