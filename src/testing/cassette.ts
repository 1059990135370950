/**
 * A cassette: what a model answered once, to be answered again without it.
 *
 *     record   the code ── call ──▶ recorder ── call ──▶ the model
 *                       ◀─ parts ──    │     ◀── parts ──
 *                                      ▼ redacted, keyed by the SHA-256 of the request
 *                                   storage
 *                                      │
 *     replay   the code ── call ──▶ replayer                     no model, no network
 *
 * Guarantees
 *   - Secrets are taken out before anything is hashed or written; headers and signals are never
 *     kept, but for what an error's headers say of when to try again.
 *   - A recording is whole in the storage when the call that it is of ends for its caller.
 *   - Who records at the same time, here or in another process, loses nothing.
 *   - What cannot be read is a named failure, and is never written over.
 */
import type { JsonObject, LanguageModel, LanguageModelV4, SameVersion } from '../models/language-model.ts';
import {
  parseCassette,
  printCassette,
  printRecording,
  type RecordedResponse,
  type Recording,
} from './cassette-format.ts';
import { CassetteRedaction, type RedactionOptions } from './cassette-redaction.ts';
import type { CassetteStorage } from './cassette-storage.ts';
import { type ModelIdentity, type RecordedRequest, requestKey } from './recorded-request.ts';
import { Recorder, type RecordingPlace, type RecordingTape } from './recorder.ts';
import { type Replayed, Replayer, type ReplayOptions, type ReplayTape } from './replayer.ts';

/**
 * Opens a cassette; one that is not there yet is empty.
 *
 * Errors: `CorruptCassette`, `UnknownCassetteVersion`; what the storage fails of.
 *
 * @example
 * import { memoryStorage, scriptedModel } from 'troupe/testing'
 * const storage = memoryStorage()
 * const call = { prompt: [{ role: 'user', content: [{ type: 'text', text: 'Who are you?' }] }] }
 * await (await openCassette(storage)).record(scriptedModel(['A model.'])).doGenerate(call)
 *
 * const replayed = await (await openCassette(storage)).replay().doGenerate(call)
 * replayed.content // => [{ type: 'text', text: 'A model.' }]
 */
export async function openCassette(
  storage: CassetteStorage,
  options: RedactionOptions = {},
): Promise<Cassette> {
  const text = await storage.read();
  const recordings = text === undefined ? [] : parseCassette(text, storage.name);
  return new Cassette(storage, recordings, new CassetteRedaction(options));
}

/** A place that a call has taken; empty until it ends. */
interface Place {
  recording: Recording | undefined;
}

export class Cassette implements RecordingTape, ReplayTape {
  readonly name: string;
  readonly redaction: CassetteRedaction;
  readonly #storage: CassetteStorage;
  readonly #byKey = new Map<string, Recording[]>();
  readonly #found: readonly Recording[];
  /** Calls recorded here, in the order in which they began. */
  #places: Place[] = [];
  /** What of them is in the storage already, as it stands there. */
  #kept: readonly string[] = [];
  #saving: Promise<void> = Promise.resolve();
  /** The save that has not begun yet: whoever ends meanwhile comes along. */
  #nextSave: Promise<void> | undefined;

  /** Use `openCassette`. */
  constructor(storage: CassetteStorage, recordings: readonly Recording[], redaction: CassetteRedaction) {
    this.name = storage.name;
    this.redaction = redaction;
    this.#storage = storage;
    this.#found = recordings;
    for (const recording of recordings) {
      const same = this.#byKey.get(recording.key) ?? [];
      same.push(recording);
      this.#byKey.set(recording.key, same);
    }
  }

  /** Calls that are being recorded and have not ended: a stream that nobody reads to its end does not. */
  get open(): number {
    return this.#places.filter(({ recording }) => recording === undefined).length;
  }

  /** How many recordings there are. */
  get size(): number {
    return this.#found.length + this.#places.length - this.open;
  }

  /**
   * A model that asks the given one and keeps what it answers.
   *
   * Errors, of a call: those of the model, recorded; `NotRecordable`; what the storage
   * fails of, and then the call fails although the model had answered.
   */
  record<M extends LanguageModel>(model: M): SameVersion<M> {
    return new Recorder(model, this) as unknown as SameVersion<M>;
  }

  /**
   * A model that answers from what is recorded, from the beginning.
   *
   * Errors: `RangeError` when nobody can tell which model it is to be. Of a call:
   * those that were recorded; `NotRecorded`; `RecordingEnds`.
   */
  replay<M extends LanguageModel = LanguageModelV4>(options: ReplayOptions = {}): SameVersion<M> & Replayed {
    const { otherwise, pace, model = otherwise ?? this.#onlyModel() } = options;
    const recorder = otherwise === undefined ? undefined : this.record(otherwise);
    return new Replayer(this, model, pace, recorder) as unknown as SameVersion<M> & Replayed;
  }

  /** Resolves when every call that has ended is kept. Errors: what the storage failed of. */
  saved(): Promise<void> {
    return this.#save();
  }

  begin(request: RecordedRequest): RecordingPlace {
    const place: Place = { recording: undefined };
    this.#places.push(place);
    return {
      end: (response: RecordedResponse, supportedUrls?: JsonObject) => {
        if (place.recording === undefined) {
          place.recording = { key: requestKey(request), request, supportedUrls, response };
        }
        return this.#save();
      },
      leave: () => {
        this.#places = this.#places.filter((one) => one !== place);
      },
    };
  }

  recordingsOf(key: string): readonly Recording[] {
    const found = this.#byKey.get(key) ?? [];
    return this.#places.length === 0 ? found : [...found, ...this.#ended().filter((own) => own.key === key)];
  }

  *all(): Generator<Recording> {
    yield* this.#found;
    yield* this.#ended();
  }

  #ended(): readonly Recording[] {
    return this.#places.flatMap(({ recording }) => (recording === undefined ? [] : [recording]));
  }

  #save(): Promise<void> {
    this.#nextSave ??= this.#saving.then(async () => {
      this.#nextSave = undefined;
      await this.#write();
    });
    // A save that failed does not hold up the next one, which writes the same again.
    this.#saving = this.#nextSave.catch(() => {});
    return this.#nextSave;
  }

  async #write(): Promise<void> {
    const own = this.#ended();
    const printed = own.map((recording) => printRecording(recording));
    if (printed.length === this.#kept.length) {
      return;
    }
    await this.#storage.update((text) => {
      const there = text === undefined ? [] : parseCassette(text, this.name);
      // Ours stand together at the end, in the order of their calls, whoever else has written meanwhile.
      return printCassette([...without(there, this.#kept), ...own]);
    });
    this.#kept = printed;
  }

  #onlyModel(): ModelIdentity {
    const models = new Map<string, ModelIdentity>();
    for (const { request } of this.all()) {
      models.set(`${request.provider}/${request.modelId}`, request);
    }
    const [only] = models.values();
    if (only === undefined || models.size > 1) {
      const has = models.size === 0 ? 'no recordings' : `recordings of ${[...models.keys()].join(', ')}`;
      throw new RangeError(`'${this.name}' has ${has}: say which model to replay, as { model }`);
    }
    return only;
  }
}

/** Recordings without those of the given texts, each text once. */
function without(recordings: readonly Recording[], texts: readonly string[]): readonly Recording[] {
  const left = new Map<string, number>();
  for (const text of texts) {
    left.set(text, (left.get(text) ?? 0) + 1);
  }
  return recordings.filter((recording) => {
    const text = printRecording(recording);
    const times = left.get(text) ?? 0;
    left.set(text, times - 1);
    return times <= 0;
  });
}
