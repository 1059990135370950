/**
 * A language model: the port through which everything here speaks to one.
 *
 * It is the provider interface of the AI SDK, versions 3 and 4, written down once
 * more: so any of its providers is a model here and any model of ours is one
 * there, and nothing has to be installed to say so. The names of fields are
 * theirs. What a model sends is told in full; what it is asked is told as far as
 * somebody here reads it.
 *
 * Source: `LanguageModelV3` and `LanguageModelV4` of @ai-sdk/provider 4.0.38.
 * integration/models checks that both sides fit each other.
 */

/** What JSON can hold; a field that is undefined is left out. */
export type JsonValue = null | string | number | boolean | JsonObject | readonly JsonValue[];

export interface JsonObject {
  readonly [name: string]: JsonValue | undefined;
}

/** What only one provider understands, by its name. */
export type ProviderData = Record<string, JsonObject>;

/** A model as somebody calls it. */
export type LanguageModel = LanguageModelV4 | LanguageModelV3;

/** The plain interface of a model's version: what a model that stands in front of it has. */
export type SameVersion<M extends LanguageModel> = {
  v4: LanguageModelV4;
  v3: LanguageModelV3;
}[M['specificationVersion']];

export interface LanguageModelV4 {
  readonly specificationVersion: 'v4';
  readonly provider: string;
  readonly modelId: string;
  readonly supportedUrls: SupportedUrls;
  /** Answers as a whole. Cancellation: rejects when `abortSignal` aborts. */
  doGenerate(call: ModelCall): PromiseLike<ModelAnswer<ContentV4, FinishReasonV4>>;
  /** Answers in parts. Cancellation: the stream errors when `abortSignal` aborts. */
  doStream(call: ModelCall): PromiseLike<ModelStream<StreamPartV4>>;
}

export interface LanguageModelV3 {
  readonly specificationVersion: 'v3';
  readonly provider: string;
  readonly modelId: string;
  readonly supportedUrls: SupportedUrls;
  doGenerate(call: ModelCall): PromiseLike<ModelAnswer<ContentV3, FinishReason, WarningV3>>;
  doStream(call: ModelCall): PromiseLike<ModelStream<StreamPartV3>>;
}

/** Which addresses the model fetches itself, by media type. */
export type SupportedUrls = PromiseLike<Record<string, RegExp[]>> | Record<string, RegExp[]>;

/** What a model is asked. */
export interface ModelCall {
  readonly prompt: readonly ModelMessage[];
  readonly maxOutputTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly stopSequences?: readonly string[] | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly presencePenalty?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly responseFormat?: { readonly type: 'text' | 'json'; readonly schema?: unknown } | undefined;
  readonly seed?: number | undefined;
  readonly tools?: readonly OfferedTool[] | undefined;
  readonly toolChoice?: { readonly type: string; readonly toolName?: string } | undefined;
  readonly includeRawChunks?: boolean | undefined;
  readonly abortSignal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  /** Of version 4. */
  readonly reasoning?: string | undefined;
  readonly providerOptions?: ProviderData | undefined;
}

/** A tool that the model may call. */
interface OfferedTool {
  readonly type: 'function' | 'provider';
  readonly name: string;
  readonly description?: string;
  readonly inputSchema?: unknown;
}

export interface ModelMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  /** Text of the system; parts of everybody else. */
  readonly content: string | readonly PromptPart[];
  readonly providerOptions?: ProviderData;
}

/** A part of a message: text, a file, a tool's call or result, and what else providers know. */
interface PromptPart {
  readonly type: string;
  readonly text?: string;
  readonly toolCallId?: string;
  readonly toolName?: string;
  readonly input?: unknown;
  readonly output?: unknown;
}

/** An answer as a whole. */
export interface ModelAnswer<C = ContentV4 | ContentV3, F = FinishReasonV4, W = ModelWarning> {
  content: C[];
  finishReason: F;
  usage: ModelUsage;
  providerMetadata?: ProviderData;
  request?: { body?: unknown };
  response?: ResponseFacts & { headers?: Record<string, string>; body?: unknown };
  warnings: W[];
}

/** An answer in parts. */
export interface ModelStream<P = StreamPartV4 | StreamPartV3> {
  stream: ReadableStream<P>;
  request?: { body?: unknown };
  response?: { headers?: Record<string, string> };
}

export interface ResponseFacts {
  id?: string;
  timestamp?: Date;
  modelId?: string;
}

interface FinishReason {
  unified: 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'error' | 'other';
  /** As the provider says it. */
  raw: string | undefined;
}

export interface FinishReasonV4 {
  /** `interrupted`: the provider's stream ended without saying that it was complete. */
  unified: FinishReason['unified'] | 'interrupted';
  raw: string | undefined;
}

/** Tokens of one call; `undefined` is what the provider does not say. */
export interface ModelUsage {
  inputTokens: {
    total: number | undefined;
    noCache: number | undefined;
    cacheRead: number | undefined;
    cacheWrite: number | undefined;
  };
  outputTokens: { total: number | undefined; text: number | undefined; reasoning: number | undefined };
  raw?: { [name: string]: JsonValue | undefined };
}

type WarningV3 =
  | { type: 'unsupported' | 'compatibility'; feature: string; details?: string }
  | { type: 'other'; message: string };
export type ModelWarning = WarningV3 | { type: 'deprecated'; setting: string; message: string };

/** What both versions can say as a whole. */
type Content = TextContent | ReasoningContent | SourceContent | CalledTool | ToolOutput | ApprovalWish;

export type ContentV3 = Content | FileV3;
export type ContentV4 = Content | FileV4 | ReasoningFile | CustomContent;

export interface TextContent {
  type: 'text';
  text: string;
  providerMetadata?: ProviderData;
}

export interface ReasoningContent {
  type: 'reasoning';
  text: string;
  providerMetadata?: ProviderData;
}

type SourceContent =
  | {
      type: 'source';
      sourceType: 'url';
      id: string;
      url: string;
      title?: string;
      providerMetadata?: ProviderData;
    }
  | {
      type: 'source';
      sourceType: 'document';
      id: string;
      mediaType: string;
      title: string;
      filename?: string;
      providerMetadata?: ProviderData;
    };

/** The model wants a tool called. */
interface CalledTool {
  type: 'tool-call';
  toolCallId: string;
  toolName: string;
  /** JSON text. */
  input: string;
  providerExecuted?: boolean;
  dynamic?: boolean;
  providerMetadata?: ProviderData;
}

/** What came of a tool that the provider ran itself. */
interface ToolOutput {
  type: 'tool-result';
  toolCallId: string;
  toolName: string;
  result: NonNullable<JsonValue>;
  isError?: boolean;
  preliminary?: boolean;
  dynamic?: boolean;
  providerMetadata?: ProviderData;
}

/** The provider asks whether it may run a tool. */
interface ApprovalWish {
  type: 'tool-approval-request';
  approvalId: string;
  toolCallId: string;
  providerMetadata?: ProviderData;
}

interface FileV3 {
  type: 'file';
  mediaType: string;
  data: string | Uint8Array;
  providerMetadata?: ProviderData;
}

type FileData = { type: 'data'; data: Uint8Array | string } | { type: 'url'; url: URL; originalUrl?: string };

interface FileV4 {
  type: 'file';
  mediaType: string;
  data: FileData;
  providerMetadata?: ProviderData;
}

interface ReasoningFile {
  type: 'reasoning-file';
  mediaType: string;
  data: FileData;
  providerMetadata?: ProviderData;
}

interface CustomContent {
  type: 'custom';
  kind: `${string}.${string}`;
  providerMetadata?: ProviderData;
}

/** What both versions can say in parts: a block of text, reasoning or input begins, goes on and ends under one id. */
type StreamPart =
  | BlockPart
  | Exclude<Content, TextContent | ReasoningContent>
  | { type: 'stream-start'; warnings: WarningV3[] }
  | ({ type: 'response-metadata' } & ResponseFacts)
  | FinishPart<FinishReason>
  | { type: 'raw'; rawValue: unknown }
  | { type: 'error'; error: unknown };

export type StreamPartV3 = StreamPart | FileV3;
export type StreamPartV4 =
  | StreamPart
  | FileV4
  | ReasoningFile
  | CustomContent
  | FinishPart<FinishReasonV4>
  | { type: 'stream-start'; warnings: ModelWarning[] }
  | { type: 'ping' };

interface FinishPart<F> {
  type: 'finish';
  usage: ModelUsage;
  finishReason: F;
  providerMetadata?: ProviderData;
}

type BlockPart =
  | { type: 'text-start' | 'text-end'; id: string; providerMetadata?: ProviderData }
  | { type: 'reasoning-start' | 'reasoning-end'; id: string; providerMetadata?: ProviderData }
  | {
      type: 'text-delta' | 'reasoning-delta' | 'tool-input-delta';
      id: string;
      delta: string;
      providerMetadata?: ProviderData;
    }
  | {
      type: 'tool-input-start';
      id: string;
      toolName: string;
      providerExecuted?: boolean;
      dynamic?: boolean;
      title?: string;
      providerMetadata?: ProviderData;
    }
  | { type: 'tool-input-end'; id: string; providerMetadata?: ProviderData };
