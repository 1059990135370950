/**
 * `route`: somebody chooses by the input who is asked.
 *
 *     caller ──input──▶ choose ──'sales'──▶ sales ──answer──▶ caller
 *
 * Source: Content-Based Router, in Hohpe & Woolf, "Enterprise Integration Patterns"
 * (2003).
 */
import type { Procedure, Responder, Scope } from '../actors/context.ts';
import { isThenable } from '../actors/thenable.ts';
import { describeValue } from '../core/describe-value.ts';
import { describeThrown, Failure } from '../core/failure.ts';
import { askPart } from './ask-part.ts';
import { type AnswerOf, type AnyResponder, checkResponder, type InputOf } from './responder.ts';
import { goOn } from './still-wanted.ts';

/** A route was chosen that there is none of. Its code is `NO_RESPONDER`. */
export class UnknownRoute extends Failure {
  readonly _tag = 'UnknownRoute';
  readonly code = 'NO_RESPONDER';
  readonly class = 'permanent';
  /** What was chosen, itself. */
  readonly route: unknown;
  /** Those there are. */
  readonly known: readonly string[];

  constructor(facts: { route: unknown; known: readonly string[] }) {
    super();
    this.route = facts.route;
    this.known = facts.known;
  }

  override get message(): string {
    return `there is no route ${describeValue(this.route, 200)}; there are ${this.known.join(', ')}`;
  }
}

/**
 * Asks `choose` which of the routes to take, then that one, with the same input.
 *
 * `choose` is a function of the input, or anybody else who can be asked: an agent that
 * thinks, say. What it answers is checked, since such an agent may answer anything.
 *
 * Errors: `UnknownRoute`; `PartFailed` with the route, or with `choose`. `RangeError`,
 * at once, for no routes, or one that cannot be asked.
 *
 * @example
 * const sizes = { small: (n: number) => `just ${n}`, large: (n: number) => `as many as ${n}` }
 * const say = route((n: number) => (n < 10 ? 'small' : 'large'), sizes)
 * const system = createSystem()
 * await system.request(say, 12) // => 'as many as 12'
 * await system.stop()
 */
export function route<
  I extends InputOf<Routes[keyof Routes]>,
  const Routes extends Readonly<Record<string, AnyResponder>>,
>(choose: Responder<I, keyof Routes & string>, routes: Routes): Procedure<I, AnswerOf<Routes[keyof Routes]>> {
  checkResponder('what chooses a route', choose);
  if (typeof routes !== 'object' || routes === null || Object.keys(routes).length === 0) {
    throw new RangeError(`route needs at least one route; got ${describeThrown(routes)}`);
  }
  const known = new Map(Object.entries(routes)) as Map<unknown, Responder<unknown, unknown>>;
  for (const [name, responder] of known) {
    checkResponder(`route '${String(name)}'`, responder);
  }
  return function route(input: I, scope: Scope) {
    const chosen = askPart<I, string>('route', 'choose', choose, input, scope);
    return (
      isThenable(chosen) ? chosen.then((name) => goOn(scope, () => take(name))) : take(chosen)
    ) as AnswerOf<Routes[keyof Routes]>;

    function take(name: unknown): unknown {
      const responder = known.get(name);
      if (responder === undefined) {
        throw new UnknownRoute({ route: name, known: Object.keys(routes) });
      }
      return askPart('route', String(name), responder, input, scope);
    }
  };
}
