/**
 * A faulty model: any language model, with the faults that providers have.
 *
 * It stands between the code under test and a model, usually a scripted one. For
 * each call it draws from `choose` whether something goes wrong, what, and where:
 * in a world those are choice points like any other, so they are explored,
 * replayed and shrunk with the rest of the schedule.
 *
 * A call that fails before there is an answer (429, 500, a refusal) does not reach
 * the model: its next turn is still there when the call is made again.
 */
import { unknownUsage } from '../models/answer-of-parts.ts';
import type {
  LanguageModel,
  ModelAnswer,
  ModelCall,
  ModelStream,
  SameVersion,
} from '../models/language-model.ts';
import type { Chance } from './chance.ts';
import { connectionBroken, FaultyParts, type Part } from './faulty-parts.ts';
import { type DrawnFault, describeFault, drawFault, type ModelFault, modelFaults } from './model-fault.ts';
import { CallPace, type Pace } from './pace.ts';
import { ProviderError } from './provider-error.ts';
import { scriptedModel } from './scripted-model.ts';

export interface FaultyModelOptions {
  /** Whoever chooses: `world.chance`, so that a story tells what went wrong, or a tape. 0 is no fault. */
  readonly choose: Chance;
  /** Which faults may happen; all of them when not given. */
  readonly faults?: readonly ModelFault[];
  /** Most faults in all calls; 3 when not given. */
  readonly faultsMax?: number;
  /** Whose time a slow chunk takes: `world.environment` in a world. The machine's when not given. */
  readonly pace?: Pace;
  /** How late a slow chunk comes, in milliseconds; 60 000 when not given. */
  readonly slowMs?: number;
}

/** A fault that has happened. */
export interface HappenedFault {
  /** To which call, counted from 0. */
  readonly call: number;
  readonly fault: ModelFault;
  /** In words, with its place. */
  readonly what: string;
}

/** The side of a faulty model that its test sees. */
export interface Faulty {
  /** What has gone wrong so far. A fault that found nothing to strike is not among them. */
  readonly faults: readonly HappenedFault[];
}

/**
 * Makes a model of the same version that answers as the given one does, but for its faults.
 *
 * Cancellation: as the given model's; a slow chunk is not waited for.
 *
 * @example
 * import { readTape, scriptedModel } from 'troupe/testing'
 * const model = faultyModel(scriptedModel(['Yes.']), { choose: readTape([1, 1]), faults: ['refusal'] })
 * const [refused, answered] = [await model.doGenerate({ prompt: [] }), await model.doGenerate({ prompt: [] })]
 * refused.content // => [{ type: 'text', text: "I'm sorry, but I can't help with that." }]
 * answered.content // => [{ type: 'text', text: 'Yes.' }]
 * model.faults // => [{ call: 0, fault: 'refusal', what: 'refused in words' }]
 */
export function faultyModel<M extends LanguageModel>(
  model: M,
  options: FaultyModelOptions,
): SameVersion<M> & Faulty {
  return new ModelWithFaults(model, options) as unknown as SameVersion<M> & Faulty;
}

class ModelWithFaults implements Faulty {
  readonly specificationVersion: LanguageModel['specificationVersion'];
  readonly provider: string;
  readonly modelId: string;
  readonly faults: HappenedFault[] = [];
  readonly #model: LanguageModel;
  readonly #options: FaultyModelOptions;
  readonly #faultsMax: number;
  /** Faults that may still be drawn. */
  #drawn = 0;
  #calls = 0;

  constructor(model: LanguageModel, options: FaultyModelOptions) {
    this.specificationVersion = model.specificationVersion;
    this.provider = model.provider;
    this.modelId = model.modelId;
    this.#model = model;
    this.#options = options;
    this.#faultsMax = options.faultsMax ?? 3;
  }

  get supportedUrls(): LanguageModel['supportedUrls'] {
    return this.#model.supportedUrls;
  }

  async doGenerate(call: ModelCall): Promise<ModelAnswer> {
    const { drawn, happened } = this.#draw(call);
    if (drawn === undefined) {
      return this.#model.doGenerate(call);
    }
    const instead = this.#instead(drawn, happened);
    if (instead !== undefined) {
      return instead.doGenerate(call);
    }
    const answer: ModelAnswer = await this.#model.doGenerate(call);
    return this.#spoil(answer, drawn, happened, call);
  }

  async doStream(call: ModelCall): Promise<ModelStream> {
    const { drawn, happened } = this.#draw(call);
    if (drawn === undefined) {
      return this.#model.doStream(call);
    }
    const instead = this.#instead(drawn, happened);
    if (instead !== undefined) {
      return instead.doStream(call);
    }
    const answer: ModelStream = await this.#model.doStream(call);
    const parts = new FaultyParts(drawn, this.specificationVersion === 'v4');
    const stream = this.#through(answer.stream, parts, happened, call);
    return { ...answer, stream };
  }

  #draw(call: ModelCall): { drawn: DrawnFault | undefined; happened: () => void } {
    const { choose, faults = modelFaults } = this.#options;
    const number = this.#calls;
    this.#calls += 1;
    const drawn = this.#drawn < this.#faultsMax ? drawFault(choose, faults, call) : undefined;
    let isTold = drawn === undefined;
    this.#drawn += drawn === undefined ? 0 : 1;
    const happened = (): void => {
      if (!isTold) {
        isTold = true;
        const what = describeFault(drawn!);
        this.faults.push({ call: number, fault: drawn!.fault, what });
        choose.tell?.(`the model ${this.modelId}`, `spoils its answer to call ${number + 1}: ${what}`);
      }
    };
    return { drawn, happened };
  }

  /** Who answers instead, when the call does not reach the model. */
  #instead(drawn: DrawnFault, happened: () => void): LanguageModel | undefined {
    const { pace } = this.#options;
    const says = (turn: Parameters<typeof scriptedModel>[0]): LanguageModel => {
      happened();
      return scriptedModel(turn, { modelId: this.modelId, ...(pace === undefined ? {} : { pace }) });
    };
    switch (drawn.fault) {
      case 'refusal':
        return says([drawn.says === undefined ? { finishReason: 'content-filter' } : { text: drawn.says }]);
      case 'rate-limited':
        return says([{ error: tooManyRequests(drawn.retryAfterSeconds) }]);
      case 'server-error':
        return drawn.afterParts === undefined
          ? says([{ error: new ProviderError({ statusCode: drawn.statusCode }) }])
          : undefined;
      default:
        return undefined;
    }
  }

  /** The fault in an answer that comes as a whole. */
  async #spoil(
    answer: ModelAnswer,
    drawn: DrawnFault,
    happened: () => void,
    call: ModelCall,
  ): Promise<ModelAnswer> {
    switch (drawn.fault) {
      case 'slow':
        happened();
        await this.#late(call);
        return answer;
      case 'cut':
        happened();
        throw connectionBroken();
      case 'server-error':
        happened();
        throw new ProviderError({ statusCode: drawn.statusCode });
      case 'missing-usage':
        happened();
        return { ...answer, usage: unknownUsage };
      default: {
        const parts = new FaultyParts(drawn, this.specificationVersion === 'v4');
        const content = answer.content.flatMap<unknown>((part) =>
          part.type === 'tool-call' ? parts.pass(part).send : [part],
        );
        if (parts.struck) {
          happened();
        }
        return { ...answer, content: content as typeof answer.content };
      }
    }
  }

  /** The fault in an answer that comes in parts. */
  #through(
    source: ReadableStream<Part>,
    parts: FaultyParts,
    happened: () => void,
    call: ModelCall,
  ): ReadableStream<Part> {
    const { pace, slowMs = slowMsUsual } = this.#options;
    const reader = source.getReader();
    let pacing: CallPace;

    /** Passes one part on; says whether something was sent or the stream has ended. */
    const passOne = async (controller: ReadableStreamDefaultController<Part>): Promise<boolean> => {
      const { done, value } = await reader.read();
      if (pacing.over) {
        return true;
      }
      if (done) {
        pacing.end();
        close(controller);
        return true;
      }
      const { send, isLate, end } = parts.pass(value);
      if (parts.struck) {
        happened();
      }
      if (isLate === true) {
        await pacing.wait(slowMs);
        if (pacing.over) {
          return true;
        }
      }
      for (const part of send) {
        controller.enqueue(part);
      }
      if (end !== undefined) {
        pacing.end();
        leave(reader, 'the answer was cut');
        close(controller, end);
      }
      return send.length > 0 || end !== undefined;
    };

    return new ReadableStream<Part>(
      {
        start: (controller) => {
          pacing = new CallPace(pace, call.abortSignal, (reason) => {
            controller.error(reason);
            leave(reader, reason);
          });
        },
        pull: async (controller) => {
          try {
            while (!(await passOne(controller))) {}
          } catch (failure) {
            pacing.end();
            throw failure;
          }
        },
        cancel: (reason) => {
          pacing.end();
          return reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** Errors: the signal's reason, when the call is aborted meanwhile. */
  async #late({ abortSignal }: ModelCall): Promise<void> {
    const { pace, slowMs = slowMsUsual } = this.#options;
    const pacing = new CallPace(pace, abortSignal);
    try {
      pacing.check();
      await pacing.wait(slowMs);
      pacing.check();
    } finally {
      pacing.end();
    }
  }
}

/** Longer than most timeouts: not derived. */
const slowMsUsual = 60_000;

function tooManyRequests(retryAfterSeconds: number | undefined): ProviderError {
  return new ProviderError({
    statusCode: 429,
    message: 'Rate limit reached',
    ...(retryAfterSeconds === undefined
      ? {}
      : { responseHeaders: { 'retry-after': String(retryAfterSeconds) } }),
  });
}

/** Nobody reads the rest; what its source says to that is of no interest. */
function leave(reader: ReadableStreamDefaultReader<Part>, reason: unknown): void {
  reader.cancel(reason).catch(() => {});
}

function close(
  controller: ReadableStreamDefaultController<Part>,
  end: { readonly error?: unknown } = {},
): void {
  if ('error' in end) {
    controller.error(end.error);
  } else {
    controller.close();
  }
}
