/**
 * Whose verbs they are: where a combinator takes hold of who asks.
 */
import { describeThrown } from '../core/failure.ts';
import { InvalidParams } from '../core/schema.ts';
import { Sender } from './sender.ts';
import { StreamVerbs } from './stream-context.ts';

/**
 * The sender behind a context, a scope or a system; of a stream agent that of the
 * message whose value is being pushed.
 *
 * Errors: `InvalidParams` for anything else.
 */
export function senderOf(verbs: unknown): Sender {
  if (verbs instanceof Sender) {
    return verbs;
  }
  if (verbs instanceof StreamVerbs) {
    return verbs.sender;
  }
  throw new InvalidParams({
    what: 'scope',
    value: describeThrown(verbs),
    issues: [
      {
        path: '',
        message: 'expected a system, or the context or scope that a handler or procedure was given',
      },
    ],
  });
}
