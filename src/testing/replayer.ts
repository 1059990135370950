/**
 * A replayer: a model that answers from a cassette.
 *
 * Guarantees
 *   - Each recording is used once, and recordings of the same request in the order in which they were made.
 *   - A stream has the parts that were recorded, and ends as it ended.
 *   - A call that is not recorded fails, and says in what the nearest recording differs; or goes to `otherwise`.
 *
 * What was recorded until its caller aborted it or left has no more to say: a
 * caller who goes on gets the error of that abort, or `RecordingEnds`.
 */
import { Failure, reasonOf } from '../core/failure.ts';
import type {
  JsonValue,
  LanguageModel,
  ModelAnswer,
  ModelCall,
  ModelStream,
  StreamPartV3,
  StreamPartV4,
} from '../models/language-model.ts';
import { describeCall } from './asked.ts';
import { CorruptCassette, type RecordedResponse, type Recording } from './cassette-format.ts';
import { fromCassetteJson } from './cassette-json.ts';
import type { CassetteRedaction } from './cassette-redaction.ts';
import { CallPace, type Pace } from './pace.ts';
import { partStream } from './part-stream.ts';
import {
  differencesBetween,
  distanceBetween,
  type ModelIdentity,
  type RecordedRequest,
  recordedRequest,
  requestKey,
} from './recorded-request.ts';
import { ScriptIncomplete } from './script.ts';
import { arrivalsOf } from './scripted-turn.ts';

/** A call is not on the cassette. */
export class NotRecorded extends Failure {
  readonly _tag = 'NotRecorded';
  readonly code = 'NOT_RECORDED';
  readonly class = 'invalid';
  readonly cassette: string;
  /** SHA-256 of the request. */
  readonly key: string;
  /** What was asked, in words. */
  readonly asked: string;
  /** How often this very request was recorded: each recording has been used. */
  readonly used: number;
  /** In what the nearest recording differs; empty when there is none, or when it is the same. */
  readonly differences: readonly string[];

  constructor(facts: {
    cassette: string;
    key: string;
    asked: string;
    used: number;
    differences: readonly string[];
  }) {
    super();
    this.cassette = facts.cassette;
    this.key = facts.key;
    this.asked = facts.asked;
    this.used = facts.used;
    this.differences = facts.differences;
  }

  override get message(): string {
    const nearest =
      this.differences.length === 0
        ? 'It has no recording of this model and method'
        : `The nearest recording differs in ${this.differences.join('; ')}`;
    const why =
      this.used > 0
        ? `It was recorded ${this.used === 1 ? 'once' : `${this.used} times`}, and asked once more`
        : nearest;
    return `'${this.cassette}' has no recording of this call: ${this.asked}. ${why}. Record it, or replay with 'otherwise'`;
  }
}

/** A recording ends where its caller had left, and this one goes on. */
export class RecordingEnds extends Failure {
  readonly _tag = 'RecordingEnds';
  readonly code = 'RECORDING_ENDS';
  readonly class = 'invalid';
  readonly cassette: string;
  /** How many parts there were. */
  readonly parts: number;

  constructor(facts: { cassette: string; parts: number }) {
    super();
    this.cassette = facts.cassette;
    this.parts = facts.parts;
  }

  override get message(): string {
    return `the recording in '${this.cassette}' ends after ${this.parts} parts, where its reader left: record it again, and read on`;
  }
}

/** A model, or as much of it as it takes to know it. */
export type ReplayedModel = ModelIdentity & Partial<Pick<LanguageModel, 'supportedUrls'>>;

export interface ReplayOptions {
  /** Who decides when the next chunk comes: `world.environment` in a world. At once when not given. */
  readonly pace?: Pace;
  /** Answers what is not recorded, and is recorded. Without it such a call fails. */
  readonly otherwise?: LanguageModel;
  /**
   * Which model is replayed; needed when the cassette has recordings of several. Which
   * addresses it fetches itself is what `supportedUrls` says here, or `otherwise`, or
   * else what was recorded.
   */
  readonly model?: ReplayedModel;
}

/** The side of a replayed model that its test sees. */
export interface Replayed {
  /** Calls that were answered from the cassette. */
  readonly replayed: number;
  /** Recordings of this model that nobody has asked for, in words. */
  readonly left: readonly string[];
  /** Errors: `ScriptIncomplete`, with the recordings that are left. */
  assertComplete(): void;
}

/** What a replayer needs of a cassette. */
export interface ReplayTape {
  readonly name: string;
  readonly redaction: CassetteRedaction;
  /** The recordings of a request, in their order. */
  recordingsOf(key: string): readonly Recording[];
  all(): Iterable<Recording>;
}

export class Replayer implements Replayed {
  readonly specificationVersion: LanguageModel['specificationVersion'];
  readonly provider: string;
  readonly modelId: string;
  readonly #identity: ReplayedModel;
  readonly #tape: ReplayTape;
  readonly #pace: Pace | undefined;
  readonly #otherwise: LanguageModel | undefined;
  readonly #used = new Map<string, number>();
  #replayed = 0;

  /** @param otherwise Records what it answers. */
  constructor(
    tape: ReplayTape,
    identity: ReplayedModel,
    pace: Pace | undefined,
    otherwise: LanguageModel | undefined,
  ) {
    this.specificationVersion = identity.specificationVersion;
    this.provider = identity.provider;
    this.modelId = identity.modelId;
    this.#identity = identity;
    this.#tape = tape;
    this.#pace = pace;
    this.#otherwise = otherwise;
  }

  /** What it says here decides whether a caller sends an address or what is there: so it must be as when it was recorded. */
  get supportedUrls(): LanguageModel['supportedUrls'] {
    return this.#identity.supportedUrls ?? this.#otherwise?.supportedUrls ?? this.#recordedUrls();
  }

  get replayed(): number {
    return this.#replayed;
  }

  get left(): readonly string[] {
    const seen = new Map<string, number>();
    return [...this.#ofThisModel()].flatMap(({ key, request }) => {
      const nth = (seen.get(key) ?? 0) + 1;
      seen.set(key, nth);
      return nth > (this.#used.get(key) ?? 0) ? [inWords(request)] : [];
    });
  }

  assertComplete(): void {
    const { left } = this;
    if (left.length > 0) {
      throw new ScriptIncomplete({ script: this.#tape.name, taken: this.#replayed, left });
    }
  }

  async doGenerate(call: ModelCall): Promise<ModelAnswer> {
    const response = this.#find('doGenerate', call);
    if (response === undefined) {
      return this.#otherwise!.doGenerate(call);
    }
    await this.#step(call, response);
    return this.#read((response as { answer: JsonValue }).answer) as ModelAnswer;
  }

  async doStream(call: ModelCall): Promise<ModelStream> {
    const response = this.#find('doStream', call);
    if (response === undefined) {
      return this.#otherwise!.doStream(call);
    }
    await this.#step(call, response);
    const recorded = response as { readonly parts: readonly JsonValue[] };
    const parts = recorded.parts.map((part) => this.#read(part)) as (StreamPartV4 | StreamPartV3)[];
    const stream = partStream({
      parts,
      arrivals: arrivalsOf(parts, {}),
      failure: this.#failureOf(response, parts.length),
      pace: this.#pace,
      signal: call.abortSignal,
    });
    return { stream, request: {}, response: { headers: {} } };
  }

  /** That there is an answer, or none. Errors: those that were recorded; the signal's reason. */
  async #step(call: ModelCall, response: RecordedResponse): Promise<void> {
    const pacing = new CallPace(this.#pace, call.abortSignal);
    try {
      pacing.check();
      await pacing.wait(0);
      pacing.check();
    } finally {
      pacing.end();
    }
    if (response.end === 'rejected') {
      throw this.#read(response.error);
    }
  }

  #failureOf(response: RecordedResponse, parts: number): { readonly error: unknown } | undefined {
    switch (response.end) {
      case 'failed':
      case 'aborted':
        return { error: this.#read(response.error) };
      case 'cancelled':
        return { error: new RecordingEnds({ cassette: this.#tape.name, parts }) };
      default:
        return undefined;
    }
  }

  /**
   * Takes the next recording of a call; `undefined` when there is none and somebody else answers.
   *
   * Errors: `NotRecorded`.
   */
  #find(method: RecordedRequest['method'], call: ModelCall): RecordedResponse | undefined {
    const request = recordedRequest(method, this, call, this.#tape.redaction);
    const key = requestKey(request);
    const used = this.#used.get(key) ?? 0;
    const recording = this.#tape.recordingsOf(key)[used];
    if (recording !== undefined) {
      this.#used.set(key, used + 1);
      this.#replayed += 1;
      return recording.response;
    }
    if (this.#otherwise !== undefined) {
      // What is recorded now was asked now, and is not to be given to whoever asks next.
      this.#used.set(key, used + 1);
      return undefined;
    }
    const asked = describeCall(call);
    const differences = used > 0 ? [] : this.#differences(request);
    throw new NotRecorded({ cassette: this.#tape.name, key, asked, used, differences });
  }

  /** Errors: `CorruptCassette`, when a value in it is none. */
  #read(json: JsonValue): unknown {
    try {
      return fromCassetteJson(json);
    } catch (cause) {
      const reason = `an answer has a value that cannot be read back: ${reasonOf(cause)}`;
      throw new CorruptCassette({ cassette: this.#tape.name, reason, cause });
    }
  }

  /** All that were recorded, by media type. */
  #recordedUrls(): Record<string, RegExp[]> {
    const patterns = new Map<string, Map<string, RegExp>>();
    for (const { supportedUrls } of this.#ofThisModel()) {
      const read = supportedUrls === undefined ? {} : (this.#read(supportedUrls) as Record<string, RegExp[]>);
      for (const [mediaType, urls] of Object.entries(read)) {
        const known = patterns.get(mediaType) ?? new Map<string, RegExp>();
        patterns.set(mediaType, known);
        for (const url of urls) {
          known.set(String(url), url);
        }
      }
    }
    return Object.fromEntries([...patterns].map(([mediaType, known]) => [mediaType, [...known.values()]]));
  }

  #differences(request: RecordedRequest): readonly string[] {
    let nearest: RecordedRequest | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const recording of this.#ofThisModel()) {
      const distance =
        recording.request.method === request.method
          ? distanceBetween(recording.request.call, request.call)
          : Number.POSITIVE_INFINITY;
      if (distance < least) {
        [nearest, least] = [recording.request, distance];
      }
    }
    return nearest === undefined ? [] : differencesBetween(nearest.call, request.call);
  }

  *#ofThisModel(): Generator<Recording> {
    for (const recording of this.#tape.all()) {
      const { provider, modelId } = recording.request;
      if (provider === this.provider && modelId === this.modelId) {
        yield recording;
      }
    }
  }
}

function inWords({ method, call }: RecordedRequest): string {
  return `${method}: ${describeCall(fromCassetteJson(call) as ModelCall)}`;
}
