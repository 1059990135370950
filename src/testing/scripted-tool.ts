/**
 * A scripted tool: a stand-in for something that models and agents call, which answers from a script.
 *
 * `run` fits both sides: it is the `run` of a `capability` and the `execute` of a
 * tool of the AI SDK. It keeps the promises of a scripted model: turns in the order
 * of the calls, an abort at once, nothing left when a call is over.
 */
import { describeValue } from '../core/describe-value.ts';
import { CallPace, type Pace } from './pace.ts';
import { Script, UnexpectedCall } from './script.ts';

/** What a tool answers to one call: an output, or an error; or a function of the input that gives an output. */
export type ToolTurn<I, O> =
  | {
      readonly output: O;
      readonly delayMs?: number;
      /** Says of the input, by throwing or `false`, that it is another. */
      readonly expects?: (input: I) => boolean | void;
    }
  | { readonly error: unknown; readonly delayMs?: number; readonly expects?: (input: I) => boolean | void }
  | ((input: I, index: number) => O | PromiseLike<O>);

export interface ScriptedToolOptions {
  /** Who decides when an answer comes: `world.environment` in a world. At once, or by the machine's clock, when not given. */
  readonly pace?: Pace;
}

/** What a caller brings along: the context of an agent, or the options of the AI SDK. */
export interface ToolCaller {
  readonly signal?: AbortSignal | undefined;
  readonly abortSignal?: AbortSignal | undefined;
}

export interface ScriptedTool<I, O> {
  /**
   * Answers a call.
   *
   * Errors: those of the script; `ScriptExhausted`; `UnexpectedCall`; the reason of the caller's signal.
   */
  readonly run: (input: I, caller?: ToolCaller) => Promise<O>;
  /** The inputs of all calls, in their order. */
  readonly calls: readonly I[];
  /** The turns nobody has taken yet, in words. */
  readonly left: readonly string[];
  /** Errors: `ScriptIncomplete`, with the turns that are left. */
  assertComplete(): void;
}

/**
 * Makes a tool that answers from a script, or, given one function, as that says, without an end.
 *
 * @example
 * const weather = scriptedTool<{ city: string }, string>('weather', [{ output: 'cold' }, () => 'warm'])
 * await weather.run({ city: 'Oslo' }) // => 'cold'
 * weather.calls // => [{ city: 'Oslo' }]
 * weather.left // => ['2. a function']
 */
export function scriptedTool<I, O>(
  name: string,
  script: readonly ToolTurn<I, O>[] | ((input: I, index: number) => O | PromiseLike<O>),
  { pace }: ScriptedToolOptions = {},
): ScriptedTool<I, O> {
  const calls: I[] = [];
  const turns = new Script<ToolTurn<I, O>>(
    name,
    typeof script === 'function' ? { endless: script } : script,
    inWords,
  );
  const expect = (turn: ToolTurn<I, O>, index: number, input: I): void => {
    if (typeof turn === 'function' || turn.expects === undefined) {
      return;
    }
    const asked = describeValue(input, charsMax);
    const refuse: (expected: string, cause?: unknown) => never = (expected, cause) => {
      throw new UnexpectedCall({ script: name, turn: index + 1, expected, asked, left: turns.left, cause });
    };
    let fits: boolean | void;
    try {
      fits = turn.expects(input);
    } catch (cause) {
      refuse(`what its function says, which threw: ${String(cause)}`, cause);
    }
    if (fits === false) {
      refuse('what its function says');
    }
  };
  return {
    calls,
    get left() {
      return turns.left;
    },
    assertComplete: () => turns.assertComplete(),
    run: async (input, caller) => {
      calls.push(input);
      const pacing = new CallPace(pace, caller?.abortSignal ?? caller?.signal);
      try {
        pacing.check();
        const { turn, index } = turns.take(
          () => describeValue(input, charsMax),
          (next, n) => expect(next, n, input),
        );
        if (typeof turn === 'function') {
          return await pacing.until(turn(input, index));
        }
        await pacing.wait(turn.delayMs ?? 0);
        pacing.check();
        if ('error' in turn) {
          throw turn.error;
        }
        return turn.output;
      } finally {
        pacing.end();
      }
    },
  };
}

const charsMax = 300;

function inWords(turn: ToolTurn<never, unknown>): string {
  if (typeof turn === 'function') {
    return 'a function';
  }
  return 'error' in turn ? 'an error' : describeValue(turn.output, 60);
}
