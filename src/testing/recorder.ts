/**
 * A recorder: a model that passes every call on to another one, and writes down what comes.
 *
 * The caller gets what the model gave, part by part as it came, and at the end
 * hears that it was written: a recording that could not be kept fails the call.
 */
import { redacted } from '../core/redact.ts';
import type {
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
  end(response: RecordedResponse): Promise<void>;
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
    await place.end({ end: 'answered', answer: this.#without(kept) });
    return answer;
  }

  async doStream(call: ModelCall): Promise<ModelStream> {
    const place = this.#begin('doStream', call);
    const answer = await this.#answered<ModelStream>(place, () => this.#model.doStream(call));
    return { ...answer, stream: this.#through(answer.stream, place, call) };
  }

  #begin(method: RecordedRequest['method'], call: ModelCall): RecordingPlace {
    return this.#tape.begin(recordedRequest(method, this, call, this.#tape.redaction));
  }

  /** What the model answers; when it rejects, that is put down. */
  async #answered<T>(place: RecordingPlace, answer: () => PromiseLike<T>): Promise<T> {
    try {
      return await answer();
    } catch (error) {
      await place.end({ end: 'rejected', error: this.#without(error) });
      throw error;
    }
  }

  #through(source: ReadableStream<Part>, place: RecordingPlace, call: ModelCall): ReadableStream<Part> {
    const reader = source.getReader();
    const parts: JsonValue[] = [];
    let listening: CallPace;
    const end = (how: 'finished' | 'cancelled' | { readonly error: unknown }): Promise<void> => {
      listening.end();
      const heard = this.#tape.redaction.parts(parts);
      if (typeof how === 'string') {
        return place.end({ end: how, parts: heard });
      }
      const because = call.abortSignal?.aborted === true ? 'aborted' : 'failed';
      return place.end({ end: because, parts: heard, error: this.#without(how.error) });
    };
    return new ReadableStream<Part>(
      {
        start: (controller) => {
          listening = new CallPace(undefined, call.abortSignal, (reason) => {
            controller.error(reason);
            reader.cancel(reason).catch(nobodyWaits);
            end({ error: reason }).catch(nobodyWaits); // Whoever waits for the cassette hears of it.
          });
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
              reader.cancel(failure).catch(nobodyWaits);
              throw failure;
            }
            controller.enqueue(read.value);
          }
        },
        cancel: async (reason) => {
          listening.end();
          await reader.cancel(reason);
          await end('cancelled');
        },
      },
      { highWaterMark: 0 },
    );
  }

  #without(value: unknown): JsonValue {
    return this.#tape.redaction.value(written(value));
  }
}

/** For what is told to a model that nobody waits for any more. */
const nobodyWaits = (): void => {};

/** Raw chunks are the provider's own words, which nothing else here can look through. */
function written(value: unknown): JsonValue {
  const { type } = Object(value) as { type?: unknown };
  const kept = type === 'raw' ? { type, rawValue: redacted } : value;
  return toCassetteJson(kept, { sorted: false, digests: false });
}
