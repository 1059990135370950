/**
 * A scripted model: a language model that answers from a script, without a network.
 *
 *     the code under test            the model             the test
 *          │ doStream(call 1) ──────▶ takes turn 1
 *          │ ◀── its parts, one by one, at the pace of the world or of the clock
 *          │ doGenerate(call 2) ────▶ takes turn 2
 *          │                          assertComplete() ◀──── nothing is left, or it throws
 *
 * It is a model of the AI SDK's provider interface, so it serves everybody who
 * calls one, with the runtime or without it.
 *
 * Guarantees
 *   - Turns are taken in the order of the calls, also of calls made at once.
 *   - `doStream` and `doGenerate` say the same: the parts put together are the answer.
 *   - An abort ends the call at once, in its wait, its stream or its function; nothing comes after it.
 *   - Nothing is left when a call is over: no timer, no listener.
 */
import { answerOfParts } from '../models/answer-of-parts.ts';
import type {
  LanguageModelV3,
  LanguageModelV4,
  ModelAnswer,
  ModelCall,
  ModelStream,
  SupportedUrls,
} from '../models/language-model.ts';
import { describeCall, lastText } from './asked.ts';
import { CallPace, type Pace } from './pace.ts';
import { type CallEnd, partStream } from './part-stream.ts';
import { Script, UnexpectedCall } from './script.ts';
import { describeTurn, type SaidTurn, type ScriptedTurn, sayTurn } from './scripted-turn.ts';

/** A turn; only its text; or a function of the call that gives one. */
export type Turn = string | ScriptedTurn | TurnMaker;

/** Makes a turn of what is asked. `index` is which turn it is, counted from 0. */
export type TurnMaker = (
  call: ModelCall,
  index: number,
) => string | ScriptedTurn | PromiseLike<string | ScriptedTurn>;

export interface ScriptedModelOptions {
  /** `scripted` when not given. */
  readonly modelId?: string;
  /** `troupe` when not given. */
  readonly provider?: string;
  /** Who decides when the next chunk comes: `world.environment` in a simulated world. The machine's clock when not given. */
  readonly pace?: Pace;
  readonly supportedUrls?: SupportedUrls;
}

/** A call that was made. */
export interface ScriptedCall {
  readonly method: 'doGenerate' | 'doStream';
  /** What was asked, as it was then: messages that were added later are not in it. */
  readonly call: ModelCall;
  /** Which turn answered, counted from 0; `undefined` when none did. */
  readonly turn: number | undefined;
  /** What became of it: `cancelled` is a reader that left. */
  readonly end: 'open' | CallEnd;
}

/** The side of a scripted model that its test sees. */
export interface Scripted {
  /** All calls, in their order. */
  readonly calls: readonly ScriptedCall[];
  /** The turns nobody has taken yet, in words. */
  readonly left: readonly string[];
  /** Errors: `ScriptIncomplete`, with the turns that are left. */
  assertComplete(): void;
}

export type ScriptedModel = LanguageModelV4 & Scripted;
export type ScriptedModelV3 = LanguageModelV3 & Scripted;

/**
 * Makes a model that answers from a script, or, given one function, as that says, without an end.
 *
 * Cancellation: by the call's `abortSignal`, at once; the call fails of its reason.
 * Errors, of a call: what its turn says; `ScriptExhausted`; `UnexpectedCall`, and then
 * the turn is not taken; what a function of the script throws.
 *
 * @example
 * const model = scriptedModel(['Hello, Ada!', { toolCalls: [{ toolName: 'clock' }] }])
 * const answer = await model.doGenerate({ prompt: [] })
 * answer.content // => [{ type: 'text', text: 'Hello, Ada!' }]
 * model.left // => ['2. calls clock']
 */
export function scriptedModel(
  script: readonly Turn[] | TurnMaker,
  options?: ScriptedModelOptions & { readonly specificationVersion?: 'v4' },
): ScriptedModel;
export function scriptedModel(
  script: readonly Turn[] | TurnMaker,
  options: ScriptedModelOptions & { readonly specificationVersion: 'v3' },
): ScriptedModelV3;
export function scriptedModel(
  script: readonly Turn[] | TurnMaker,
  options: ScriptedModelOptions & { readonly specificationVersion?: 'v3' | 'v4' } = {},
): ScriptedModel | ScriptedModelV3 {
  return new ModelOfScript(script, options) as unknown as ScriptedModel;
}

interface Call {
  readonly method: ScriptedCall['method'];
  readonly call: ModelCall;
  turn: number | undefined;
  end: ScriptedCall['end'];
}

class ModelOfScript implements Scripted {
  readonly specificationVersion: 'v3' | 'v4';
  readonly provider: string;
  readonly modelId: string;
  readonly supportedUrls: SupportedUrls;
  readonly #script: Script<Turn>;
  readonly #pace: Pace | undefined;
  readonly #calls: Call[] = [];

  constructor(
    script: readonly Turn[] | TurnMaker,
    options: ScriptedModelOptions & { readonly specificationVersion?: 'v3' | 'v4' },
  ) {
    this.specificationVersion = options.specificationVersion ?? 'v4';
    this.provider = options.provider ?? 'troupe';
    this.modelId = options.modelId ?? 'scripted';
    this.supportedUrls = options.supportedUrls ?? {};
    this.#pace = options.pace;
    this.#script = new Script<Turn>(
      this.modelId,
      typeof script === 'function' ? { endless: script } : script,
      inWords,
    );
  }

  get calls(): readonly ScriptedCall[] {
    return this.#calls;
  }

  get left(): readonly string[] {
    return this.#script.left;
  }

  assertComplete(): void {
    this.#script.assertComplete();
  }

  async doGenerate(call: ModelCall): Promise<ModelAnswer> {
    return this.#answer('doGenerate', call, async ({ parts, arrivals, failure }, pacing, made) => {
      const delayMs = arrivals.reduce<number>((sum, each) => sum + (each ?? 0), 0);
      await pacing.wait(delayMs);
      pacing.check();
      const told = failure ?? parts.find((part) => part.type === 'error');
      if (told !== undefined) {
        throw told.error;
      }
      made.end = 'finished';
      return answerOfParts(parts);
    });
  }

  async doStream(call: ModelCall): Promise<ModelStream> {
    return this.#answer('doStream', call, async ({ parts, arrivals, failure }, pacing, made) => {
      // That there is an answer at all is news of its own: somebody may be served before it comes.
      await pacing.wait(parts.length === 0 ? arrivals[0]! : 0);
      pacing.check();
      if (parts.length === 0 && failure !== undefined) {
        throw failure.error;
      }
      const stream = partStream({
        parts,
        arrivals,
        failure,
        pace: this.#pace,
        signal: call.abortSignal,
        onEnd: (how) => {
          made.end = how;
        },
      });
      return { stream, request: {}, response: { headers: {} } };
    });
  }

  /** Takes a turn and lets `give` answer with it; notes what becomes of the call when that fails. */
  async #answer<R>(
    method: Call['method'],
    call: ModelCall,
    give: (said: SaidTurn, pacing: CallPace, made: Call) => Promise<R>,
  ): Promise<R> {
    const entry: Call = { method, call: asItIsNow(call), turn: undefined, end: 'open' };
    this.#calls.push(entry);
    const pacing = new CallPace(this.#pace, call.abortSignal);
    try {
      pacing.check();
      const { turn, index } = this.#script.take(
        () => describeCall(call),
        (next, n) => this.#expect(next, n, call),
      );
      entry.turn = index;
      const made = typeof turn === 'function' ? turn(call, index) : turn;
      const given = isPromise(made) ? await pacing.until(made) : made;
      const said = typeof given === 'string' ? { text: given } : given;
      if (typeof turn === 'function') {
        this.#expect(said, index, call); // What a function makes is known only when its turn is taken.
      }
      return await give(sayTurn(said, { call, modelId: this.modelId, index }), pacing, entry);
    } catch (thrown) {
      entry.end = call.abortSignal?.aborted === true ? 'aborted' : 'failed';
      throw thrown;
    } finally {
      pacing.end();
    }
  }

  #expect(turn: Turn, index: number, call: ModelCall): void {
    if (typeof turn !== 'object' || turn.expects === undefined) {
      return;
    }
    const { expects } = turn;
    const facts = { script: this.modelId, turn: index + 1, asked: describeCall(call), left: this.left };
    if (typeof expects !== 'function') {
      const fits = typeof expects === 'string' ? lastText(call).includes(expects) : matches(expects, call);
      if (!fits) {
        const said = typeof expects === 'string' ? `'${expects}'` : String(expects);
        throw new UnexpectedCall({ ...facts, expected: `${said} in the last message` });
      }
      return;
    }
    const expected = 'what its function says';
    try {
      if (expects(call) !== false) {
        return;
      }
    } catch (cause) {
      throw new UnexpectedCall({ ...facts, expected: `${expected}, which threw: ${String(cause)}`, cause });
    }
    throw new UnexpectedCall({ ...facts, expected });
  }
}

const isPromise = (
  made: string | ScriptedTurn | PromiseLike<string | ScriptedTurn>,
): made is PromiseLike<string | ScriptedTurn> => typeof made === 'object' && 'then' in made;

/** A search that begins anew each time, also by an expression that remembers where it was. */
const matches = (expression: RegExp, call: ModelCall): boolean => lastText(call).search(expression) >= 0;

/** A loop may go on adding to the messages it has sent. */
function asItIsNow(call: ModelCall): ModelCall {
  const prompt = call.prompt.map((message) => ({
    ...message,
    content: typeof message.content === 'string' ? message.content : [...message.content],
  }));
  return { ...call, prompt };
}

const inWords = (turn: Turn): string =>
  typeof turn === 'string' ? `'${turn}'` : typeof turn === 'function' ? 'a function' : describeTurn(turn);
