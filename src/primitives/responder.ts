/**
 * A responder, as combinators see it: what it takes and answers, what it is called in
 * failures, and whether something is one at all.
 */
import type { AgentRef } from '../actors/agent-ref.ts';
import type { AnyCapability, Capability } from '../actors/capability.ts';
import type { Procedure, Responder } from '../actors/context.ts';
import { describeThrown } from '../core/failure.ts';
import type { AnyTopic, Topic } from '../core/topic.ts';

/** Anybody who can be asked, whatever they take and answer. */
export type AnyResponder = Responder<never, unknown> | AnyTopic | AnyCapability;

/** What all of these responders can be asked. */
export type InputOf<R> = (R extends unknown ? (input: InputOfOne<R>) => void : never) extends (
  input: infer I,
) => void
  ? I
  : never;

type InputOfOne<R> =
  R extends Topic<infer M, infer _>
    ? M
    : R extends Capability<infer M, infer _>
      ? M
      : R extends Procedure<infer M, unknown>
        ? M
        : R extends AgentRef<infer M, unknown>
          ? M
          : never;

/** What a responder answers. */
export type AnswerOf<R> =
  R extends Topic<infer _, infer A>
    ? A
    : R extends Capability<infer _, infer A>
      ? A
      : R extends Procedure<never, infer A>
        ? A
        : R extends AgentRef<never, infer A>
          ? A
          : never;

/** The path of an agent, the name of a topic, capability or function. */
export function nameOf(responder: unknown): string {
  const { path, name } = responder as { readonly path?: unknown; readonly name?: unknown };
  if (typeof path === 'string') {
    return path;
  }
  return typeof name === 'string' && name !== '' ? name : 'a procedure';
}

/** Errors: `RangeError` for what cannot be asked. */
export function checkResponder(whose: string, responder: unknown): void {
  if (typeof responder === 'function') {
    return;
  }
  const { path, name } = (responder ?? {}) as { readonly path?: unknown; readonly name?: unknown };
  if (typeof responder !== 'object' || (typeof path !== 'string' && typeof name !== 'string')) {
    throw new RangeError(
      `${whose} is an agent's ref, a topic, a capability or a procedure; got ${describeThrown(responder)}`,
    );
  }
}
