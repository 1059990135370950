/**
 * A scripted turn: what a model answers to one call, written by the author of a test.
 *
 * A turn becomes the parts of a stream, in an order that providers keep: the
 * start, reasoning, text, tool calls, the finish. What is not said is filled in
 * from what is: the finish reason, the ids, and the tokens (a quarter of the
 * characters, so that budgets have something to meter).
 */
import { unknownUsage } from '../models/answer-of-parts.ts';
import type {
  ContentV3,
  ContentV4,
  FinishReasonV4,
  ModelCall,
  ModelUsage,
  ModelWarning,
  ProviderData,
  StreamPartV3,
  StreamPartV4,
} from '../models/language-model.ts';
import { textOf } from './asked.ts';

type Part = StreamPartV4 | StreamPartV3;

/** A tool that the model calls. */
export interface ScriptedToolCall {
  readonly toolName: string;
  /** Any JSON value; a string is sent as it is, so that it may also be no JSON. `{}` when not given. */
  readonly input?: unknown;
  /** Made of the model's name and the turn's number when not given. */
  readonly toolCallId?: string;
}

export interface ScriptedTurn {
  readonly reasoning?: string | readonly string[];
  /** Sent word by word; a list is sent as it stands, an element a chunk. */
  readonly text?: string | readonly string[];
  readonly toolCalls?: readonly ScriptedToolCall[];
  /** Other content, in its order, after the three. */
  readonly content?: readonly (ContentV4 | ContentV3)[];
  /** The parts themselves, instead of all of these, legal or not. */
  readonly parts?: readonly Part[];
  /** `tool-calls` when tools are called, otherwise `stop`, when not given. */
  readonly finishReason?: FinishReasonV4['unified'];
  /** `unknown`: the provider does not say. Estimated when not given. */
  readonly usage?: { readonly inputTokens?: number; readonly outputTokens?: number } | 'unknown';
  readonly providerMetadata?: ProviderData;
  readonly warnings?: readonly ModelWarning[];
  /**
   * What the call fails of: at once when the turn says nothing, otherwise after
   * what it says, without a finish, as when a connection breaks.
   */
  readonly error?: unknown;
  /** Milliseconds before the first chunk. */
  readonly delayMs?: number;
  /** Milliseconds before each further chunk. */
  readonly chunkDelayMs?: number;
  /** What the last message must contain or match; or says of the call, by throwing or `false`, that it is another. */
  readonly expects?: string | RegExp | ((call: ModelCall) => boolean | void);
}

/** What is known of the call that a turn answers. */
export interface TurnFacts {
  readonly call: ModelCall;
  readonly modelId: string;
  /** Which turn it is, counted from 0. */
  readonly index: number;
}

/** What a turn says, as it is sent. */
export interface SaidTurn {
  readonly parts: readonly Part[];
  /** Milliseconds before each part, and one more before the failure; `undefined` for what comes along with the part before. */
  readonly arrivals: readonly (number | undefined)[];
  readonly failure: { readonly error: unknown } | undefined;
}

/**
 * Says a turn.
 *
 * @example
 * const facts = { call: { prompt: [] }, modelId: 'm', index: 0 }
 * sayTurn({ text: 'Hello, Ada' }, facts).parts.map(({ type }) => type) // => ['stream-start', 'response-metadata', 'text-start', 'text-delta', 'text-delta', 'text-end', 'finish']
 */
export function sayTurn(turn: ScriptedTurn, facts: TurnFacts): SaidTurn {
  const failure = 'error' in turn ? { error: turn.error } : undefined;
  const parts = turn.parts ?? partsOf(turn, facts, failure !== undefined);
  return { parts, arrivals: arrivalsOf(parts, turn), failure };
}

/** A turn in a few words, for a message. */
export function describeTurn({ text, toolCalls = [], error, parts }: ScriptedTurn): string {
  const said = [
    ...(text === undefined ? [] : [`'${piecesOf(text).join('')}'`]),
    ...toolCalls.map(({ toolName }) => `calls ${toolName}`),
    ...(parts === undefined ? [] : [`${parts.length} parts`]),
    ...(error === undefined ? [] : ['an error']),
  ];
  return said.join(', ') || 'nothing';
}

function partsOf(turn: ScriptedTurn, facts: TurnFacts, fails: boolean): readonly Part[] {
  const content = [...contentOf(turn, facts)];
  if (fails && content.length === 0) {
    return [];
  }
  const begin: Part[] = [
    { type: 'stream-start', warnings: [...(turn.warnings ?? [])] },
    { type: 'response-metadata', id: `${facts.modelId}-${facts.index + 1}`, modelId: facts.modelId },
  ];
  return fails ? [...begin, ...content] : [...begin, ...content, finishOf(turn, facts, content)];
}

function* contentOf(turn: ScriptedTurn, { modelId, index }: TurnFacts): Generator<Part> {
  if (turn.reasoning !== undefined) {
    yield* blockOf('reasoning', 'reasoning-1', piecesOf(turn.reasoning));
  }
  if (turn.text !== undefined) {
    yield* blockOf('text', 'text-1', piecesOf(turn.text));
  }
  for (const [n, call] of (turn.toolCalls ?? []).entries()) {
    const id = call.toolCallId ?? `${modelId}-call-${index + 1}-${n + 1}`;
    yield* toolCallOf(id, call.toolName, call.input);
  }
  for (const [n, part] of (turn.content ?? []).entries()) {
    yield* part.type === 'text' || part.type === 'reasoning'
      ? blockOf(part.type, `content-${n + 1}`, piecesOf(part.text), part.providerMetadata)
      : [part];
  }
}

function* blockOf(
  type: 'text' | 'reasoning',
  id: string,
  pieces: readonly string[],
  providerMetadata?: ProviderData,
): Generator<Part> {
  yield { type: `${type}-start`, id };
  for (const delta of pieces) {
    yield { type: `${type}-delta`, id, delta };
  }
  yield { type: `${type}-end`, id, ...(providerMetadata === undefined ? {} : { providerMetadata }) };
}

function* toolCallOf(id: string, toolName: string, value: unknown = {}): Generator<Part> {
  const input = typeof value === 'string' ? value : JSON.stringify(value);
  yield { type: 'tool-input-start', id, toolName };
  for (const delta of input.match(someCharacters) ?? []) {
    yield { type: 'tool-input-delta', id, delta };
  }
  yield { type: 'tool-input-end', id };
  yield { type: 'tool-call', toolCallId: id, toolName, input };
}

/** Characters in one chunk of a tool's input: few, so that a reader of partial JSON meets torn values. */
const someCharacters = /.{1,12}/gsu;

/** The chunks of a text: each word with the space after it. */
const piecesOf = (text: string | readonly string[]): readonly string[] =>
  typeof text === 'string' ? (text.match(/\s*\S+\s*|\s+/gu) ?? []) : text;

function finishOf(turn: ScriptedTurn, { call }: TurnFacts, content: readonly Part[]): Part {
  const callsTools = content.some((part) => part.type === 'tool-call' && part.providerExecuted !== true);
  const unified = turn.finishReason ?? (callsTools ? 'tool-calls' : 'stop');
  return {
    type: 'finish',
    finishReason: { unified, raw: unified },
    usage: usageOf(turn.usage, call, content),
    ...(turn.providerMetadata === undefined ? {} : { providerMetadata: turn.providerMetadata }),
  };
}

const charactersAToken = 4;

function usageOf(said: ScriptedTurn['usage'], call: ModelCall, content: readonly Part[]): ModelUsage {
  if (said === 'unknown') {
    return unknownUsage;
  }
  const tokens = (characters: number): number => Math.ceil(characters / charactersAToken);
  const sent = (isCounted: (type: string) => boolean): number =>
    content.reduce((sum, part) => sum + ('delta' in part && isCounted(part.type) ? part.delta.length : 0), 0);
  const input =
    said?.inputTokens ?? tokens(call.prompt.reduce((sum, message) => sum + textOf(message).length, 0));
  const reasoning = tokens(sent((type) => type === 'reasoning-delta'));
  const output = said?.outputTokens ?? reasoning + tokens(sent((type) => type !== 'reasoning-delta'));
  return {
    inputTokens: { total: input, noCache: input, cacheRead: 0, cacheWrite: 0 },
    outputTokens: {
      total: output,
      text: Math.max(0, output - reasoning),
      reasoning: Math.min(reasoning, output),
    },
  };
}

/** Which parts travel in a chunk of their own: the first of a block comes with its start, and the end with its last. */
export function arrivalsOf(
  parts: readonly Part[],
  { delayMs = 0, chunkDelayMs = 0 }: Pick<ScriptedTurn, 'delayMs' | 'chunkDelayMs'>,
): readonly (number | undefined)[] {
  let chunks = 0;
  const arrival = (): number => {
    chunks += 1;
    return chunks === 1 ? delayMs : chunkDelayMs;
  };
  const arrivals = parts.map(({ type }, n) => {
    const before = parts[n - 1]?.type;
    if (type === 'finish') {
      return chunks === 0 ? arrival() : 0;
    }
    const comesAlong =
      type === 'stream-start' ||
      type === 'response-metadata' ||
      type.endsWith('-end') ||
      (type.endsWith('-delta') && before?.endsWith('-start') === true) ||
      (type === 'tool-call' && before === 'tool-input-end');
    return comesAlong ? undefined : arrival();
  });
  return [...arrivals, arrival()];
}
