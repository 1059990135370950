/**
 * A responder, as combinators see it: what it takes and answers, what it is called in
 * failures, and whether something is one at all.
 */
import type { AgentRef } from '../actors/agent-ref.ts';
import { type AnyCapability, type Capability, isCapability } from '../actors/capability.ts';
import type { Procedure, Responder } from '../actors/context.ts';
import { DefinedAgent } from '../actors/define-agent.ts';
import { LocalRef } from '../actors/local-ref.ts';
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

/** Whether it can be asked. */
export function isResponder(responder: unknown): responder is object {
  if (typeof responder !== 'object' || responder === null) {
    return typeof responder === 'function';
  }
  return LocalRef.cellOf(responder) !== undefined || isCapability(responder) || isTopic(responder);
}

/** Errors: `RangeError` for what cannot be asked. */
export function checkResponder(whose: string, responder: unknown): void {
  if (responder instanceof DefinedAgent) {
    throw new RangeError(
      `${whose} is an agent's ref, a topic, a capability or a procedure; got the definition of agent '${responder.name}': spawn it, and give its ref`,
    );
  }
  if (!isResponder(responder)) {
    throw new RangeError(
      `${whose} is an agent's ref, a topic, a capability or a procedure; got ${describeThrown(responder)}`,
    );
  }
}

function isTopic(responder: object): boolean {
  const { name, schema } = responder as Partial<AnyTopic>;
  return typeof name === 'string' && schema !== undefined;
}
