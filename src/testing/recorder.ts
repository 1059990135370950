/**
 * A recorder: a model that passes every call on to another one, and writes down what comes.
 *
 * The caller gets what the model gave, part by part as it came, and at the end
 * hears that it was written: a recording that could not be kept fails the call.
 */
import { redacted } from '../core/redact.ts';
import type {
  JsonObject,
  JsonValue,
  LanguageModel,
  ModelAnswer,
  ModelCall,
  ModelStream,
  StreamPartV3,
  StreamPartV4,
} from '../models/language-model.ts';
import type { RecordedResponse } from './cassette-format.ts';
import { toCassetteJson } from './cassette-json.ts';
import type { CassetteRedaction } from './cassette-redaction.ts';
import { CallPace } from './pace.ts';
import { type RecordedRequest, recordedRequest } from './recorded-request.ts';

type Part = StreamPartV4 | StreamPartV3;

/** A place on a cassette, taken when a call begins. */
export interface RecordingPlace {
  /** Puts down what came of the call; resolves when it is kept. Once. */
  end(response: RecordedResponse, supportedUrls?: JsonObject): Promise<void>;
  /** Gives the place up: what came of the call cannot be recorded. */
  leave(): void;
}

/** Who takes down what a recorder hears. */
export interface RecordingTape {
  readonly redaction: CassetteRedaction;
  begin(request: RecordedRequest): RecordingPlace;
}

export class Recorder {
  readonly specificationVersion: LanguageModel['specificationVersion'];
  readonly provider: string;
  readonly modelId: string;
  readonly #model: LanguageModel;
  readonly #tape: RecordingTape;

  constructor(model: LanguageModel, tape: RecordingTape) {
    this.specificationVersion = model.specificationVersion;
    this.provider = model.provider;
    this.modelId = model.modelId;
    this.#model = model;
    this.#tape = tape;
  }

  get supportedUrls(): LanguageModel['supportedUrls'] {
    return this.#model.supportedUrls;
  }

  async doGenerate(call: ModelCall): Promise<ModelAnswer> {
    const place = this.#begin('doGenerate', call);
    const answer = await this.#answered<ModelAnswer>(place, () => this.#model.doGenerate(call));
    const { request: _asked, response, ...said } = answer;
    const { headers: _headers, body: _body, ...facts } = response ?? {};
    const kept = response === undefined ? said : { ...said, response: facts };
    const urls = await this.#urls();
    await keep(place, () => ({ end: 'answered', answer: this.#without(kept) }), urls);
    return answer;
  }

  async doStream(call: ModelCall): Promise<ModelStream> {
    const place = this.#begin('doStream', call);
    const answer = await this.#answered<ModelStream>(place, () => this.#model.doStream(call));
    return { ...answer, stream: this.#through(answer.stream, place, call, await this.#urls()) };
  }

  #begin(method: RecordedRequest['method'], call: ModelCall): RecordingPlace {
    return this.#tape.begin(recordedRequest(method, this, call, this.#tape.redaction));
  }

  /** What the model answers; when it rejects, that is put down. */
  async #answered<T>(place: RecordingPlace, answer: () => PromiseLike<T>): Promise<T> {
    try {
      return await answer();
    } catch (error) {
      const urls = await this.#urls();
      await keep(place, () => ({ end: 'rejected', error: this.#without(error) }), urls);
      throw error;
    }
  }

  /** What the model fetches itself; nothing when it cannot say. */
  async #urls(): Promise<JsonObject | undefined> {
    const urls = await Promise.resolve(this.#model.supportedUrls).catch(() => undefined);
    return Object.keys(urls ?? {}).length === 0 ? undefined : (this.#without(urls) as JsonObject);
  }

  #through(
    source: ReadableStream<Part>,
    place: RecordingPlace,
    call: ModelCall,
    urls: JsonObject | undefined,
  ): ReadableStream<Part> {
    const reader = source.getReader();
    const parts: JsonValue[] = [];
    let listening: CallPace;
    const end = (how: 'finished' | 'cancelled' | { readonly error: unknown }): Promise<void> => {
      listening.end();
      const response = (): RecordedResponse => {
        const heard = this.#tape.redaction.parts(parts);
        if (typeof how === 'string') {
          return { end: how, parts: heard };
        }
        const because = call.abortSignal?.aborted === true ? 'aborted' : 'failed';
        return { end: because, parts: heard, error: this.#without(how.error) };
      };
      return keep(place, response, urls);
    };
    return new ReadableStream<Part>(
      {
        start: (controller) => {
          const abort = (reason: unknown): void => {
            reader.cancel(reason).catch(nobodyWaits);
            // The reader hears of it when it is kept, or that it could not be.
            end({ error: reason }).then(
              () => controller.error(reason),
              (failure: unknown) => controller.error(failure),
            );
          };
          listening = new CallPace(undefined, call.abortSignal, abort);
          if (call.abortSignal?.aborted === true) {
            abort(call.abortSignal.reason);
          }
        },
        pull: async (controller) => {
          const read = await reader.read().catch(async (error: unknown) => {
            await end({ error });
            throw error;
          });
          if (listening.over) {
            return;
          }
          if (read.done) {
            await end('finished');
            controller.close();
          } else {
            try {
              parts.push(written(read.value));
            } catch (failure) {
              listening.end();
              place.leave();
              reader.cancel(failure).catch(nobodyWaits);
              throw failure;
            }
            controller.enqueue(read.value);
          }
        },
        cancel: async (reason) => {
          const cancelled = reader.cancel(reason);
          cancelled.catch(nobodyWaits); // It is waited for below, and recorded whatever comes of it.
          await end('cancelled');
          await cancelled;
        },
      },
      { highWaterMark: 0 },
    );
  }

  #without(value: unknown): JsonValue {
    return this.#tape.redaction.value(written(value));
  }
}

/** Puts down what came of a call. Errors: what cannot be recorded, and then the place is given up. */
async function keep(
  place: RecordingPlace,
  response: () => RecordedResponse,
  urls: JsonObject | undefined,
): Promise<void> {
  let recorded: RecordedResponse;
  try {
    recorded = response();
  } catch (failure) {
    place.leave();
    throw failure;
  }
  await place.end(recorded, urls);
}

/** For what is told to a model that nobody waits for any more. */
const nobodyWaits = (): void => {};

/** Raw chunks are the provider's own words, which nothing else here can look through. */
function written(value: unknown): JsonValue {
  const { type } = Object(value) as { type?: unknown };
  const kept = type === 'raw' ? { type, rawValue: redacted } : value;
  return toCassetteJson(kept, { sorted: false, digests: false });
}
