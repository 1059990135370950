/**
 * Making capabilities.
 */

import type { StandardSchema } from '../core/schema.ts';
import { defineTopic, type Topic } from '../core/topic.ts';
import type { Capability } from './capability.ts';
import type { Context } from './context.ts';
import type { Result } from './result.ts';

export interface CapabilityOptions<I, O> {
  /** What it does, for whoever chooses among capabilities. */
  readonly description?: string;
  readonly input: StandardSchema<I>;
  readonly output: StandardSchema<O>;
  readonly timeoutMs?: number;
  readonly run: (input: NoInfer<I>, context: Context<unknown, O>) => Result<NoInfer<O>>;
}

/**
 * Defines a capability, to be listed in an agent's `capabilities` and called by
 * `context.tool` or `request`.
 *
 * @example
 * const Double = capability('math.double', { input: type<number>(), output: type<number>(), run: (n) => n * 2 })
 * Double.name // => 'math.double'
 */
export function capability<I, O>(name: string, options: CapabilityOptions<I, O>): Capability<I, O> {
  return new DefinedCapability(
    name,
    options as unknown as CapabilityOptions<unknown, unknown>,
  ) as unknown as Capability<I, O>;
}

/** The one kind of `Capability` there is: it knows what to run. */
export class DefinedCapability implements Capability<unknown, unknown> {
  readonly name: string;
  readonly description: string | undefined;
  readonly input: StandardSchema<unknown>;
  readonly output: StandardSchema<unknown>;
  readonly timeoutMs: number | undefined;
  readonly topic: Topic<unknown, unknown>;
  readonly run: (input: unknown, context: Context) => Result<unknown>;

  constructor(name: string, options: CapabilityOptions<unknown, unknown>) {
    this.name = name;
    this.description = options.description;
    this.input = options.input;
    this.output = options.output;
    this.timeoutMs = options.timeoutMs;
    this.run = options.run as (input: unknown, context: Context) => Result<unknown>;
    this.topic = defineTopic(`capability.${name}`, { schema: options.input, reply: options.output });
  }
}
