/**
 * Log records: what agents log, and what an operator wants to be told of: failures,
 * dead letters and restarts. Each stands in the trace of the handling it comes from.
 *
 * Values of users are shown as far as a reader needs them, at most 4,000
 * characters, and without secrets: both are done here, before anything leaves.
 */
import {
  type Attributes,
  type Context,
  type Logger,
  type LogRecord,
  ROOT_CONTEXT,
  SeverityNumber,
} from '@opentelemetry/api';
import { describeValue } from '../../core/describe-value.ts';
import { type IsSecret, isSecretName, redacted } from '../../core/redact.ts';
import { shorten } from '../../core/shorten.ts';
import type { FailureReport, Level, SystemEvent } from '../../core/system-event.ts';
import { contextOf } from './carrier.ts';
import { errorTypeOf } from './error-type.ts';
import { eventNames, attributes as name } from './names.ts';

const severities: Readonly<Record<Level, SeverityNumber>> = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
};

const charsMax = 4_000;
const fieldsMax = 32;

export class LogRecords {
  readonly #logger: Logger;
  readonly #isSecret: IsSecret;

  constructor(logger: Logger, isSecret: IsSecret = isSecretName) {
    this.#logger = logger;
    this.#isSecret = isSecret;
  }

  /** @param contextOfFailure Where the handling that failed stands. */
  told(event: SystemEvent, contextOfFailure: (failure: unknown) => Context | undefined): void {
    switch (event._tag) {
      case 'Logged':
        this.#emit(
          event.level,
          shorten(event.message, charsMax),
          contextOf({ ...traceOf(event.traceparent) }),
          {
            attributes: { [name.agentPath]: event.agent, ...this.#fields(event.fields) },
          },
        );
        return;
      case 'Failed': {
        const { report } = event;
        const where = contextOfFailure(report.failure) ?? contextOf(report.envelope?.headers);
        this.#emit('error', this.#sentence(report), where, {
          eventName: eventNames.failure,
          attributes: this.#failure(report),
        });
        return;
      }
      case 'DeadLettered': {
        const { cause, envelope, to } = event.letter;
        const body = `dead letter, ${cause}: ${envelope.topic ?? 'a reply'}`;
        this.#emit('warn', body, contextOf(envelope.headers), {
          eventName: eventNames.deadLetter,
          attributes: withoutGaps({
            [name.cause]: cause,
            [name.destination]: envelope.topic,
            [name.receiver]: to,
            [name.agentPath]: envelope.sender,
          }),
        });
        return;
      }
      case 'AgentRestarted':
        this.#emit('info', `${event.agent} restarted (${event.restarts})`, undefined, {
          eventName: eventNames.restart,
          attributes: { [name.agentPath]: event.agent },
        });
        return;
    }
  }

  #emit(level: Level, body: string, context: Context | undefined, rest: Partial<LogRecord>): void {
    this.#logger.emit({
      severityNumber: severities[level],
      severityText: level.toUpperCase(),
      body,
      // Given always: what happens to be active here belongs to somebody else.
      context: context ?? ROOT_CONTEXT,
      ...rest,
    });
  }

  #sentence({ agent, directive, failure }: FailureReport): string {
    return `${agent} failed, ${directive}: ${describeValue(failure, charsMax, this.#isSecret)}`;
  }

  #failure(report: FailureReport): Attributes {
    const { agent, directive, failure, supervisor, topic } = report;
    return withoutGaps({
      [name.agentPath]: agent,
      [name.supervisor]: supervisor,
      [name.directive]: directive,
      [name.failureClass]: report.class,
      [name.destination]: topic,
      [name.exceptionType]: errorTypeOf(failure),
      [name.exceptionMessage]: describeValue(failure, charsMax, this.#isSecret),
    });
  }

  #fields(fields: Readonly<Record<string, unknown>> | undefined): Attributes {
    const shown: Attributes = {};
    for (const [field, value] of Object.entries(fields ?? {}).slice(0, fieldsMax)) {
      shown[`${name.field}${shorten(field, 100)}`] = this.#isSecret(field) ? redacted : this.#value(value);
    }
    return shown;
  }

  #value(value: unknown): string | number | boolean {
    switch (typeof value) {
      case 'number':
      case 'boolean':
        return value;
      case 'string':
        return shorten(value, charsMax);
      default:
        return describeValue(value, charsMax, this.#isSecret);
    }
  }
}

const traceOf = (traceparent: string | undefined): Record<string, string> =>
  traceparent === undefined ? {} : { traceparent };

function withoutGaps(facts: Readonly<Record<string, string | undefined>>): Attributes {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Attributes;
}
