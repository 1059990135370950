/**
 * A console writer: one readable line for each event that a person would want to know of.
 *
 *     1.500s ERROR /payer failed on 'charge' (envelope 17), restart: RangeError: far (at /app/payer.ts:3:9)
 *     1.502s WARN  /payer dead letter, Stopped: 'charge' (envelope 18) from /shop
 *     1.503s INFO  /shop charged the card {"amount":5}
 *
 * Failures are errors, dead letters warnings, logs have their own level, restarts
 * are information, and starts and stops are for debugging. Messages sent and
 * handled are never written: a trace is the place for them.
 *
 * Guarantees: one line for an event, of at most 2,000 characters, without control
 * characters; secrets are redacted by their names; no value makes it throw.
 */
import type { DeadLetter } from './dead-letter.ts';
import { describeValue } from './describe-value.ts';
import { oneLine } from './one-line.ts';
import type { IsSecret } from './redact.ts';
import { shorten } from './shorten.ts';
import type { EventListener, FailureReport, Level, SystemEvent } from './system-event.ts';

export interface ConsoleWriterOptions {
  /** Takes one line, its line break included. */
  readonly write: (text: string) => void;
  /** The environment's `epochMs`; without it, times are seconds of the environment's clock. */
  readonly epochMs?: number;
  /** The least level that is written; `info` by default. */
  readonly level?: Level;
  /** Which names hold secrets; `isSecretName` by default. */
  readonly isSecret?: IsSecret;
}

const levels: readonly Level[] = ['debug', 'info', 'warn', 'error'];
const lineCharsMax = 2_000;
const valueCharsMax = 1_000;

export function consoleWriter({
  write,
  epochMs,
  level = 'info',
  isSecret,
}: ConsoleWriterOptions): EventListener {
  const least = levels.indexOf(level);

  const put = (event: SystemEvent, eventLevel: Level, sentence: () => string) => {
    if (levels.indexOf(eventLevel) >= least) {
      const line = `${timeOf(event.atMs, epochMs)} ${eventLevel.toUpperCase().padEnd(5)} ${sentence()}`;
      write(`${shorten(oneLine(line), lineCharsMax)}\n`);
    }
  };

  return {
    next(event) {
      switch (event._tag) {
        case 'Failed':
          return put(event, 'error', () => failed(event.report, isSecret));
        case 'DeadLettered':
          return put(event, 'warn', () => deadLettered(event.letter, isSecret));
        case 'Logged':
          return put(event, event.level, () => logged(event, isSecret));
        case 'AgentRestarted':
          return put(event, 'info', () => `${event.agent} restarted (${event.restarts})`);
        case 'AgentStarted':
          return put(event, 'debug', () => `${event.agent} started as ${event.definition}`);
        case 'AgentStopped':
          return put(event, 'debug', () => `${event.agent} is no more: ${event.reason}`);
        case 'SystemStopped':
          return put(event, 'debug', () => 'the system stopped');
      }
    },
  };
}

const timeOf = (atMs: number, epochMs: number | undefined): string =>
  epochMs === undefined ? `${(atMs / 1_000).toFixed(3)}s` : new Date(epochMs + atMs).toISOString();

function failed(report: FailureReport, isSecret: IsSecret | undefined): string {
  const { agent, topic, envelopeId, directive, failure } = report;
  const on = envelopeId === undefined ? '' : ` on ${subject(topic, envelopeId)}`;
  const origin = report.class === 'defect' ? originOf(failure) : undefined;
  const at = origin === undefined ? '' : ` (at ${origin})`;
  return `${agent} failed${on}, ${directive}: ${describeValue(failure, valueCharsMax, isSecret)}${at}`;
}

function deadLettered(letter: DeadLetter, isSecret: IsSecret | undefined): string {
  const { cause, envelope, failure, to } = letter;
  const from = envelope.sender === undefined ? '' : ` from ${envelope.sender}`;
  const why = failure === undefined ? '' : `: ${describeValue(failure, valueCharsMax, isSecret)}`;
  return `${to ?? 'nobody'} dead letter, ${cause}: ${subject(envelope.topic, envelope.id)}${from}${why}`;
}

function logged(
  { agent, message, fields }: Extract<SystemEvent, { _tag: 'Logged' }>,
  isSecret: IsSecret | undefined,
): string {
  const details = fields === undefined ? '' : ` ${describeValue(fields, valueCharsMax, isSecret)}`;
  return `${agent} ${shorten(message, valueCharsMax)}${details}`;
}

const subject = (topic: string | undefined, id: number): string =>
  topic === undefined ? `envelope ${id}` : `'${topic}' (envelope ${id})`;

/** The innermost line of a stack: where a defect was thrown, if it says so. */
function originOf(thrown: unknown): string | undefined {
  try {
    return /\n\s+at (.+)/.exec((thrown as Error).stack!)?.[1];
  } catch {
    return undefined;
  }
}
