/**
 * A topic: a name for something that is said, and the shape of what is said under it.
 *
 * A topic is a definition and holds nothing; it is alive only in a system. Its
 * name is dot-separated tokens. A name with `*` (one token) or `>` (the rest) is
 * a pattern: it can be subscribed to and observed, not published to.
 *
 * Source: Eugster et al., "The Many Faces of Publish/Subscribe" (2003), topics;
 * names and wildcards as in NATS.
 */
import type { StandardSchema } from './schema.ts';
import { checkTopicPattern, isTopicName } from './topic-name.ts';

/**
 * When payloads are checked by their topic's schema: where they enter the system
 * from outside (`edge`), everywhere (`always`), or nowhere (`never`).
 */
export type Validation = 'edge' | 'always' | 'never';

/** What is said under a name: messages `M`, answered with `R` (`never`: not answered). */
export interface Topic<in out M, out R = never> {
  readonly name: string;
  readonly schema: StandardSchema<unknown>;
  readonly reply: StandardSchema<unknown> | undefined;
  readonly validate: Validation | undefined;
  /** The key of a message, for conflation and keyed agents. */
  readonly keyOf: ((message: unknown) => unknown) | undefined;
  /** Whether it stands for many names. */
  readonly isPattern: boolean;
  /** Only a type. */
  readonly '~message'?: (message: M) => M;
  /** Only a type. */
  readonly '~reply'?: R;
}

/** The messages of a topic. */
export type MessageOf<T> = T extends { readonly '~message'?: (message: infer M) => unknown } ? M : never;

/** The replies of a topic. */
export type ReplyOf<T> = T extends Topic<infer _, infer R> ? R : never;

/** Any topic at all. */
// biome-ignore lint/suspicious/noExplicitAny: a topic is invariant in its message, so nothing else stands for all of them.
export type AnyTopic = Topic<any, unknown>;

export interface TopicOptions<M, R = never> {
  /** Any Standard Schema (Zod, Valibot, Effect Schema, …); it must check synchronously. */
  readonly schema: StandardSchema<M>;
  /** The shape of a reply; it types `request`. */
  readonly reply?: StandardSchema<R>;
  /** What tells messages apart: `conflate` keeps the latest of each key. */
  readonly key?: (message: M) => unknown;
  /** Overrides the system's `validate` for this topic. */
  readonly validate?: Validation;
}

/**
 * Defines a topic.
 *
 * Errors: `InvalidTopicName`, at once, when the name is neither a name nor a pattern.
 *
 * @example
 * const Placed = defineTopic('orders.placed', { schema: type<{ id: string }>() })
 * Placed.name // => 'orders.placed'
 */
export function defineTopic<M, R = never>(name: string, options: TopicOptions<M, R>): Topic<M, R> {
  checkTopicPattern(name);
  return Object.freeze({
    name,
    schema: options.schema,
    reply: options.reply,
    validate: options.validate,
    keyOf: options.key as ((message: unknown) => unknown) | undefined,
    isPattern: !isTopicName(name),
  });
}
