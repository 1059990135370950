/**
 * A model's fault: what may go wrong with an answer although nobody's code is wrong.
 *
 * Which fault, and where, is drawn when the call is made; 0 is always the quieter
 * answer, so a schedule with faults shrinks toward one without. Every fault is one
 * that providers have been seen to have; whatever it is, the order of the parts
 * stays one that a provider could send, but for the break that is the fault itself.
 */
import type { Choose } from '../core/simulated-environment.ts';
import type { ModelCall } from '../models/language-model.ts';

/**
 *   slow                 one chunk comes much later
 *   cut                  the stream ends too early: broken, or closed as if all were well
 *   duplicated           one chunk or tool call comes twice
 *   malformed-arguments  the input of a tool call is cut, wrapped in prose, or of another shape
 *   wrong-tool           a tool call names a tool that does not exist, or another one
 *   refusal              the model declines
 *   missing-usage        the provider does not say how many tokens it took
 *   rate-limited         429, with `retry-after` or without
 *   server-error         500 or 503, or an error in mid-stream
 */
export type ModelFault =
  | 'slow'
  | 'cut'
  | 'duplicated'
  | 'malformed-arguments'
  | 'wrong-tool'
  | 'refusal'
  | 'missing-usage'
  | 'rate-limited'
  | 'server-error';

/** All of them. */
export const modelFaults: readonly ModelFault[] = [
  'slow',
  'cut',
  'duplicated',
  'malformed-arguments',
  'wrong-tool',
  'refusal',
  'missing-usage',
  'rate-limited',
  'server-error',
];

/** How the stream of a cut answer ends. */
export type CutEnd = 'broken' | 'said to be incomplete' | 'without a finish';
export type BrokenInput = 'cut' | 'wrapped in prose' | 'of another shape';

/** A fault that was drawn, with its place. */
export type DrawnFault =
  | { readonly fault: 'slow'; readonly afterParts: number }
  | { readonly fault: 'cut'; readonly afterParts: number; readonly end: CutEnd }
  | { readonly fault: 'duplicated'; readonly nth: number }
  | { readonly fault: 'malformed-arguments'; readonly nth: number; readonly input: BrokenInput }
  /** `toolName`: instead of the right one; `undefined` for one that nobody offers. */
  | { readonly fault: 'wrong-tool'; readonly nth: number; readonly toolName: string | undefined }
  | { readonly fault: 'refusal'; readonly says: string | undefined }
  | { readonly fault: 'missing-usage' }
  | { readonly fault: 'rate-limited'; readonly retryAfterSeconds: number | undefined }
  | { readonly fault: 'server-error'; readonly statusCode: number; readonly afterParts: number | undefined };

const cutEnds: readonly CutEnd[] = ['broken', 'said to be incomplete', 'without a finish'];
const brokenInputs: readonly BrokenInput[] = ['cut', 'wrapped in prose', 'of another shape'];
const pauses: readonly (number | undefined)[] = [1, 30, undefined];
const refusals: readonly (string | undefined)[] = [undefined, "I'm sorry, but I can't help with that."];

// A fault may strike as late as this; not derived, most answers in tests are shorter.
const partsMax = 16;
const callsMax = 4;

/** Draws what happens to a call; `undefined` is nothing. */
export function drawFault(
  choose: Choose,
  faults: readonly ModelFault[],
  call: ModelCall,
): DrawnFault | undefined {
  const drawn = choose(faults.length + 1, 'fault: what becomes of an answer');
  const fault = faults[drawn - 1];
  const among = <T>(options: readonly T[], what: string): T => options[choose(options.length, what)]!;
  switch (fault) {
    case 'slow':
      return { fault, afterParts: choose(partsMax, 'after how many parts the model is slow') };
    case 'cut':
      return {
        fault,
        afterParts: choose(partsMax, 'after how many parts the answer is cut'),
        end: among(cutEnds, 'how a cut answer ends'),
      };
    case 'duplicated':
      return { fault, nth: choose(partsMax, 'which chunk comes twice') };
    case 'malformed-arguments':
      return {
        fault,
        nth: choose(callsMax, 'which tool call is malformed'),
        input: among(brokenInputs, 'how the arguments are malformed'),
      };
    case 'wrong-tool': {
      const names = (call.tools ?? []).map(({ name }) => name);
      return {
        fault,
        nth: choose(callsMax, 'which tool call is of the wrong tool'),
        toolName: among([undefined, ...names], 'which tool is called instead'),
      };
    }
    case 'refusal':
      return { fault, says: among(refusals, 'how the model declines') };
    case 'missing-usage':
      return { fault };
    case 'rate-limited':
      return { fault, retryAfterSeconds: among(pauses, 'retry-after') };
    case 'server-error': {
      const statusCode = among([500, 503], 'which error of the server');
      const within = choose(2, 'whether the error comes in mid-stream') === 1;
      const afterParts = within ? choose(partsMax, 'after how many parts the error comes') : undefined;
      return { fault, statusCode, afterParts };
    }
    default:
      return undefined;
  }
}

/** A fault in words. */
export function describeFault(drawn: DrawnFault): string {
  const { fault } = drawn;
  switch (fault) {
    case 'slow':
      return `slow after ${drawn.afterParts} parts`;
    case 'cut':
      return `cut after ${drawn.afterParts} parts, ${drawn.end}`;
    case 'duplicated':
      return `chunk ${drawn.nth + 1} twice`;
    case 'malformed-arguments':
      return `arguments of tool call ${drawn.nth + 1} ${drawn.input}`;
    case 'wrong-tool':
      return `tool call ${drawn.nth + 1} of ${drawn.toolName ?? 'a tool that does not exist'}`;
    case 'refusal':
      return drawn.says === undefined ? 'refused' : 'refused in words';
    case 'missing-usage':
      return 'no usage';
    case 'rate-limited':
      return drawn.retryAfterSeconds === undefined ? '429' : `429, retry-after ${drawn.retryAfterSeconds} s`;
    case 'server-error':
      return drawn.afterParts === undefined
        ? `${drawn.statusCode}`
        : `an error after ${drawn.afterParts} parts`;
  }
}
