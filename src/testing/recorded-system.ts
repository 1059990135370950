/**
 * One system as it is recorded: what it asks whoever follows it, answered as the
 * runtime itself would, and what it tells, as facts.
 */
import type { Envelope, Headers } from '../core/envelope.ts';
import type { HandlingTrace, RequestTrace, Saying, Taking, Tracing, Verb } from '../core/tracing.ts';
import { contentText, failureText, payloadOf, topicOf } from './fact-texts.ts';
import type { Happening } from './story-fact.ts';

/** A request that was asked, as far as its replies need it. */
export interface Question {
  readonly number: number;
  readonly topic: string;
  readonly asker: string | undefined;
  readonly verb: Verb;
  answered: boolean;
  /** Who has it in hand, or had it last. */
  worker: string | undefined;
}

/** Where facts are written down. */
export interface Recording {
  add(system: string, happening: Happening): void;
  /** A number that nothing else there has. */
  nextNumber(): number;
  asked(saying: Saying): { readonly headers: Headers; readonly question: Question };
  left(system: string, envelope: Envelope): void;
  taken(system: string, taking: Taking, handling: number): void;
}

export class RecordedSystem implements Tracing {
  readonly #recorder: Recording;
  readonly #system: string;
  readonly #isHeard: () => boolean;

  constructor(recorder: Recording, system: string, isHeard: () => boolean) {
    this.#recorder = recorder;
    this.#system = system;
    this.#isHeard = isHeard;
  }

  said({ inherited, given }: Saying): Headers {
    return given === undefined ? inherited : Object.freeze({ ...inherited, ...given });
  }

  left(envelope: Envelope): void {
    if (this.#isHeard()) {
      this.#recorder.left(this.#system, envelope);
    }
  }

  lost(envelope: Envelope, failure: unknown, cause?: string): void {
    // A dead letter is told of as an event.
    if (cause === undefined) {
      this.#add({
        _tag: 'Refused',
        from: envelope.sender,
        to: envelope.to,
        topic: topicOf(envelope),
        payload: payloadOf(envelope),
        why: failureText(failure),
      });
    }
  }

  asked(saying: Saying): RequestTrace {
    const { headers, question } = this.#recorder.asked(saying);
    const { number, topic, asker: to } = question;
    const answer = (payload: unknown, from: string, streamed: boolean): void => {
      question.answered = true;
      const text = contentText(payload);
      this.#add({
        _tag: 'Answered',
        question: number,
        topic,
        from,
        to,
        payload: text,
        streamed,
      });
    };
    return {
      headers,
      replied: (payload, from) => answer(payload, from, true),
      answered: (payload, from) => answer(payload, from, false),
      settled: (failed) => {
        if (failed === undefined && question.verb === 'tool' && question.worker !== undefined) {
          // A call is settled when its output has been checked; the output itself is not told.
          answer(undefined, question.worker, true);
        }
        const failure = failed === undefined ? undefined : failureText(failed.failure);
        this.#add({ _tag: 'Settled', question: number, topic, agent: to, failure });
      },
      delivered: () => this.#add({ _tag: 'Delivered', question: number }),
    };
  }

  taken(taking: Taking): HandlingTrace {
    const { agent, envelope } = taking;
    const handling = this.#recorder.nextNumber();
    if (this.#isHeard()) {
      this.#recorder.taken(this.#system, taking, handling);
    }
    return {
      headers: envelope.headers,
      within: (f) => f(),
      failed: () => {},
      ended: (outcome) => this.#add({ _tag: 'Ended', agent, handling, outcome }),
    };
  }

  terminated(agent: string, ended: string): void {
    this.#add({ _tag: 'Heard', agent, ended });
  }

  #add(happening: Happening): void {
    if (this.#isHeard()) {
      this.#recorder.add(this.#system, happening);
    }
  }
}
