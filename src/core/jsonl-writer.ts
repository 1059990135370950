/**
 * A JSON Lines writer: one JSON object a line for each event.
 *
 * A line is the event as it is, `_tag` first, with two exceptions. What users sent
 * or threw is a `plainValue`: bounded, without secrets, an error as its tag, code,
 * class and message. And of a dead letter's envelope only what travels is
 * written, not the port where answers go.
 *
 * Guarantees: each text given to `write` is one line, whole, ending in a line
 * break; no value makes it throw; a line has about `charsMax` characters, and at
 * most six times as many and 200 (which only control characters need).
 *
 * Source: JSON Lines, jsonlines.org.
 */
import type { DeadLetter } from './dead-letter.ts';
import { plainValue } from './plain-value.ts';
import type { IsSecret } from './redact.ts';
import type { EventListener, SystemEvent } from './system-event.ts';

export interface JsonlWriterOptions {
  /** Takes one line, its line break included. */
  readonly write: (text: string) => void;
  /** The environment's `epochMs`; with it each line also has a `time` of day. */
  readonly epochMs?: number;
  /** About how many characters a line may have; 4,000 by default. */
  readonly charsMax?: number;
  /** Which names hold secrets; `isSecretName` by default. */
  readonly isSecret?: IsSecret;
  /** Whether an error without a tag, which nobody expected, keeps its stack; `true` by default. */
  readonly stacks?: boolean;
}

export function jsonlWriter({
  write,
  epochMs,
  charsMax = 4_000,
  isSecret,
  stacks = true,
}: JsonlWriterOptions): EventListener {
  return {
    next(event) {
      const time = epochMs === undefined ? undefined : new Date(epochMs + event.atMs).toISOString();
      const line = plainValue({ _tag: event._tag, time, ...factsOf(event) }, { charsMax, isSecret, stacks });
      write(`${JSON.stringify(line)}\n`);
    },
  };
}

/** What users made comes last, so that it takes nobody's room. */
function factsOf(event: SystemEvent): object {
  switch (event._tag) {
    case 'DeadLettered':
      return letterFacts(event.letter);
    case 'Failed': {
      const { failure, ...facts } = event.report;
      return { ...facts, failure };
    }
    default:
      return event;
  }
}

function letterFacts({ atMs, to, cause, attempts, failure, envelope }: DeadLetter): object {
  const { id, sender, topic, causationId, correlationId, threadId, hops, headers, payload } = envelope;
  const deadlineMs = envelope.deadlineMs === Infinity ? undefined : envelope.deadlineMs;
  const travels = {
    id,
    to: envelope.to,
    sender,
    topic,
    causationId,
    correlationId,
    threadId,
    deadlineMs,
    hops,
  };
  return { atMs, to, cause, attempts, failure, envelope: { ...travels, headers, payload } };
}
