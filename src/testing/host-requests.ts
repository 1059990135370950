/**
 * Requests of the host: input, output and other work that Node does outside of a
 * world, seen from inside.
 *
 * The event loop does not go round between the steps of a run, so what was begun in
 * one is still open when the run is quiet: looking at what is open costs a fraction
 * of a microsecond. Where it was begun is told by `node:async_hooks`, in a run of its
 * own.
 */
import { type AsyncHook, createHook } from 'node:async_hooks';
import { begunByKit } from './host-loop.ts';
import { framesOfUser, isOfUser } from './origin.ts';

/** What Node has open now: handles and requests that keep a process alive. */
export const openRequests = (): readonly string[] => process.getActiveResourcesInfo();

/** Timers, and what a process tells to its own outlets: a test runner has them too. */
const anybodys = /^(Timeout|Immediate|TTYWrap|PipeWrap|WriteWrap|ShutdownWrap)$/;

/** One that is open now and was not before; `undefined` when there is none. */
export function begunSince(before: readonly string[]): string | undefined {
  const left = [...before];
  for (const kind of openRequests()) {
    const known = left.indexOf(kind);
    if (known >= 0) {
      left.splice(known, 1);
    } else if (!anybodys.test(kind)) {
      return kind;
    }
  }
  return undefined;
}

const words: readonly (readonly [RegExp, string])[] = [
  [/^(FS|FileHandle|DirHandle)/i, 'a file operation'],
  [/^(GetAddrInfo|GetNameInfo|Query)/i, 'a name lookup'],
  [/^(TCP|Pipe|UDP|Write|Shutdown|TLS|HTTP|Undici)/i, 'a connection'],
  [/^Process/i, 'a child process'],
  [/^(Worker|MessagePort)/i, 'a worker or a message port'],
  [/^(Timeout|Immediate)$/, 'a timer'],
  [/^(Zlib|Brotli|Zstd)/i, 'compression'],
  [/(Job|Request)$/i, 'work of the crypto module'],
];

/**
 * A kind of Node's, in words.
 * `async_hooks` has the same kinds in
 * capitals.
 *
 * @example
 * describeRequest('FSReqCallback') // => 'a file operation (FSReqCallback)'
 */
export function describeRequest(kind: string): string {
  const [, word] = words.find(([pattern]) => pattern.test(kind)) ?? [kind, 'something of the host'];
  return `${word} (${kind})`;
}

/** What was begun, and by which calls of the user. */
export interface Begun {
  readonly kind: string;
  readonly at: readonly string[];
}

/**
 * What is begun at the host has a name in capitals, or is a timer. Promises go on
 * between steps; libraries name what is only theirs as they like, as Effect its fibres.
 */
const ofTheHost = /^(?!PROMISE$)[A-Z0-9_]+$|^(Timeout|Immediate)$/;

/** Writes down what user code begins while a world has the process, from now until `end`. */
export class RequestWatch {
  readonly begun: Begun[] = [];
  readonly #hook: AsyncHook;

  /** @param isPresent Whether that world has it now. */
  constructor(isPresent: () => boolean) {
    const init = (_: number, kind: string): void => {
      if (ofTheHost.test(kind) && isPresent() && !begunByKit()) {
        const at = framesOfUser(init);
        if (at.length > 0 && isOfUser(init)) {
          this.begun.push({ kind, at });
        }
      }
    };
    this.#hook = createHook({ init }).enable();
  }

  end(): void {
    this.#hook.disable();
  }
}
