/**
 * Handlers: which of an agent's handlers a message is for.
 */
import { check, InvalidParams } from '../core/schema.ts';
import type { AnyTopic } from '../core/topic.ts';
import { matches } from '../core/topic-name.ts';
import type { Context } from './context.ts';
import type { Definition, Handler } from './define-agent.ts';
import type { Result } from './result.ts';

/** What is called with a message. */
export type Handle = (message: unknown, context: Context) => Result<unknown>;

/** What handles messages of this topic: the first handler that names it or matches it. */
export function handlerOf(definition: Definition, topic: string): Handle | undefined {
  const { handlers } = definition;
  for (let n = 0; n < handlers.length; n += 1) {
    const own = handlers[n]!.topic;
    if (own.name === topic || (own.isPattern && matches(own.name, topic))) {
      return handlers[n]!.handle as unknown as Handle;
    }
  }
  for (const one of definition.capabilities) {
    if (one.topic.name === topic) {
      return one.run;
    }
  }
  const { told } = definition;
  return told?.topic.name === topic ? (told.handle as unknown as Handle) : undefined;
}

/**
 * Which topic a message is of that was told to an agent: the one the sender
 * named, or the first whose schema accepts it.
 *
 * Errors: `InvalidParams` when there is none.
 */
export function handlerForTold(
  definition: Definition,
  payload: unknown,
  named: AnyTopic | undefined,
): AnyTopic {
  const { handlers, told } = definition;
  if (named === undefined && told?.accepts(payload) === true) {
    return told.topic as unknown as AnyTopic;
  }
  const found = handlers.find((handler) =>
    named === undefined ? accepts(handler, payload) : handler.topic.name === named.name,
  );
  if (found === undefined) {
    const known = handlers.map((handler) => handler.topic.name).join(', ');
    throw new InvalidParams({
      what: named === undefined ? `message to '${definition.name}'` : `topic '${named.name}'`,
      value: named === undefined ? payload : named.name,
      issues: [
        { path: '', message: `agent '${definition.name}' accepts ${known === '' ? 'no messages' : known}` },
      ],
    });
  }
  return found.topic as unknown as AnyTopic;
}

function accepts(handler: Handler, payload: unknown): boolean {
  try {
    check(handler.topic.schema, payload, 'message');
    return true;
  } catch {
    return false;
  }
}
