/**
 * Origin: whose code made a call, read from the stack.
 *
 * The first frame that is neither the kit's own nor Node's decides: Node calls for
 * somebody else, as `promisify` and the queue of promises do. XState, RxJS, Effect and
 * OpenTelemetry read clocks for everybody who uses them, so they are known; a test
 * runner has clocks of its own; whatever else is installed is the user's choice
 * and counts as the user's code.
 */

export type Whose = 'user' | 'library' | 'runner' | 'host' | 'kit';

const libraries = /^(rxjs|xstate|effect|@effect\/.*|@opentelemetry\/.*)$/;
const runners =
  /^(vitest|@vitest\/.*|tinypool|chai|jest(-.*)?|@jest\/.*|expect|mocha|@sinonjs\/.*|tinybench)$/;

/** Where this package is: `src/` in its repository, `dist/` elsewhere. */
const kit = pathOf(new URL('..', import.meta.url).href);

/** Who takes the time of the host for systems that are in no world. */
const live = `${kit}core/live-environment.`;
/** Where Node deals with what nobody caught. */
const lastResort = /^process\._fatalException \(node:/;

/** Most frames that are looked at to find out whose a call is, and most that are told. */
const framesToDecide = 16;
const framesToTell = 64;

/**
 * Whose code called; the user's, when nobody can be seen. `host`: that of the process
 * itself, which is in no world: a live system in its own turn, which none of the user's
 * code is waiting for, or Node, when something was thrown that nobody caught. If one of
 * these failed, the process would die of it.
 *
 * Cost: some microseconds; it is asked only for what is called inside of a simulation.
 *
 * @param called The function that was called: frames above it are not looked at.
 */
export function whoseCall(called: Callable): 'user' | 'library' | 'runner' | 'host' {
  const frames = framesAbove(called, framesToDecide);
  for (const frame of frames) {
    const path = pathIn(frame);
    const whose = path === undefined ? 'host' : whoseFile(path);
    if (whose !== 'host' && whose !== 'kit') {
      return whose;
    }
  }
  const innermost = frames[0] ?? '';
  return lastResort.test(innermost) || pathIn(innermost)?.startsWith(live) === true ? 'host' : 'user';
}

/** Whether a call is the user's, and not only for something to be printed: the console opens what it prints to when it first does. */
export function isOfUser(called: Callable): boolean {
  return (
    whoseCall(called) === 'user' &&
    !framesAbove(called, framesToDecide).some((frame) => frame.includes('(node:internal/console/'))
  );
}

/** The frames above a call that a user wants to see, innermost first; all others are cut. */
export function framesOfUser(called: Callable): readonly string[] {
  const frames = framesAbove(called, framesToTell).filter((frame) => {
    const path = pathIn(frame);
    return path !== undefined && whoseFile(path) === 'user';
  });
  const own = frames.filter((frame) => packageOf(pathIn(frame)!) === undefined);
  return own.length > 0 ? own : frames;
}

/**
 * Whose a file is.
 *
 * @example
 * whoseFile('/home/ada/shop/node_modules/rxjs/dist/cjs/index.js') // => 'library'
 * whoseFile('/home/ada/shop/src/shop.ts') // => 'user'
 */
export function whoseFile(path: string): Whose {
  if (path.startsWith('node:')) {
    return path.startsWith('node:internal/test_runner') ? 'runner' : 'host';
  }
  if (path.startsWith(kit)) {
    return 'kit';
  }
  const name = packageOf(path);
  if (name === undefined) {
    return 'user';
  }
  return libraries.test(name) ? 'library' : runners.test(name) ? 'runner' : 'user';
}

// biome-ignore lint/complexity/noBannedTypes: it is what `captureStackTrace` takes, and never called.
type Callable = Function;

function framesAbove(called: Callable, most: number): readonly string[] {
  const holder: { stack?: string } = {};
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = most;
  Error.captureStackTrace(holder, called);
  Error.stackTraceLimit = before;
  return String(holder.stack)
    .split('\n')
    .flatMap((line) => /^\s+at (.*)$/.exec(line)?.[1] ?? []);
}

/** The file of a frame: `f (file:///a.ts:1:2)`, `async f (/a.ts:1:2)`, `/a.ts:1:2`; none in `Array.map (<anonymous>)`. */
function pathIn(frame: string): string | undefined {
  const place = /^(?:.*\()?(?:async )?(.+?):\d+(?::\d+)?\)*$/.exec(frame)?.[1];
  return place === undefined ? undefined : pathOf(place);
}

function pathOf(place: string): string {
  return place.replace(/^file:\/\//, '').replaceAll('\\', '/');
}

/** The package that a file is installed in, the innermost one. */
function packageOf(path: string): string | undefined {
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
}
