/**
 * What an agent did in one step, as data: one entry for each thing that left it,
 * in the order in which it left.
 *
 * The verb is the key and what it was said to is its value, so that a list of
 * them reads as the handler does and compares with `toEqual` or `deepEqual`.
 * Agents are their paths, topics and capabilities their names.
 */

/** One thing that an agent did to its surroundings. */
export type StepEffect =
  | { readonly publish: string; readonly payload: unknown }
  | { readonly tell: string; readonly payload: unknown }
  /** A request, to a topic or an agent. It stays open until the test answers it. */
  | { readonly request: string; readonly payload: unknown }
  /** A request for a stream of replies. */
  | { readonly stream: string; readonly payload: unknown }
  /** A call of a capability. */
  | { readonly tool: string; readonly payload: unknown }
  /** An answer to the message that it handles; `late` when nobody waited for it any more. */
  | { readonly reply: unknown; readonly late?: true }
  /** A child, of which only the ref exists: it never begins. */
  | { readonly spawn: string; readonly agent: string; readonly input?: unknown }
  /** The end of a child, or of the agent itself. */
  | { readonly stop: string }
  | { readonly watch: string }
  | { readonly unwatch: string }
  /** The messages that were laid aside come back. */
  | { readonly unstash: true }
  /** A step of its own after so many milliseconds; `every` when it comes again and again. */
  | { readonly schedule: number; readonly every?: true }
  /** An event that a machine emits. */
  | { readonly emit: { readonly type: string } };
