/**
 * A recorder of stories: listens to the systems of one traced run and writes down
 * what happens, as facts.
 *
 * It listens as an instrumentation does, so a system that is not recorded pays
 * nothing for it, and one that is takes the same steps: what a recorder is asked
 * for (headers) it answers as the runtime itself would have.
 *
 * Bound: at most `factsMax` facts and as many again; of a longer run the middle
 * is forgotten, and counted.
 */
import type { Envelope, Headers } from '../core/envelope.ts';
import { isNotice } from '../core/notice.ts';
import { oneLine } from '../core/one-line.ts';
import type { Choose } from '../core/simulated-environment.ts';
import type { EventListener, SystemEvent } from '../core/system-event.ts';
import type { Instrumentation, Saying, Taking } from '../core/tracing.ts';
import { choiceWords } from './choice-words.ts';
import { failureText, lineText, payloadOf, topicOf } from './fact-texts.ts';
import type { FaultEvent } from './fault.ts';
import { faultFact, type LastSent } from './fault-fact.ts';
import { passedBy } from './link-path.ts';
import { type Question, RecordedSystem, type Recording } from './recorded-system.ts';
import type { Fact, Happening } from './story-fact.ts';

const factsMax = 20_000;

export class StoryRecorder implements Recording {
  readonly #nowMs: () => number;
  readonly #facts: Fact[] = [];
  /** By the ids of their envelopes: a copy of a message has the same one. */
  readonly #messages = new Map<string, number>();
  readonly #questions = new WeakMap<Headers, Question>();
  /** A fault on the way comes at once. */
  #last: LastSent | undefined;
  #omitted = 0;
  #lastNumber = 0;

  /** @param nowMs The time in the world that is recorded. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** What has happened so far, in order. */
  get facts(): readonly Fact[] {
    return this.#facts;
  }

  /** How many facts in the middle were forgotten. */
  get omitted(): number {
    return this.#omitted;
  }

  /** Where the forgotten ones were: behind so many facts. */
  get omittedAfter(): number {
    return factsMax / 2;
  }

  /**
   * Listens to one system from its beginning: give it as its `instrumentation`.
   *
   * @param system Name of the host it is on; `''` for the system of the world itself.
   * @param isHeard Whether what happens in it still has any effect.
   */
  instrumentation(system: string, isHeard: () => boolean = always): Instrumentation {
    const next = (event: SystemEvent): void => {
      if (isHeard()) {
        this.#event(system, event);
      }
    };
    return {
      attach: () => ({
        listener: { next } satisfies EventListener,
        tracing: new RecordedSystem(this, system, isHeard),
      }),
    };
  }

  /**
   * Listens to who decides the run: each answer that is not the quiet one is written down.
   *
   * @param dueMs When the next timer is due, if there is one.
   */
  choosing(choose: Choose, dueMs: () => number | undefined): Choose {
    return (count, what, ready) => {
      // Before it answers: those who are ready are in a list that changes.
      const names = ready?.map(({ label }) => label);
      const answer = choose(count, what, ready);
      // A fault of the world is told by the world, when it happens.
      if (answer !== 0 && !ofFaults.has(what)) {
        const words = choiceWords({ what, answer, count, ready: names, dueMs: dueMs() });
        this.add('', { _tag: 'Chosen', words: oneLine(words) });
      }
      return answer;
    };
  }

  /** How the run was decided otherwise than the quiet one is, in words. */
  get choices(): readonly string[] {
    return this.#facts.flatMap((fact) => {
      switch (fact._tag) {
        case 'Chosen':
          return [`${fact.words} (at ${fact.atMs} ms)`];
        case 'Fault':
          return [`${fact.subject} ${fact.words} (at ${fact.atMs} ms)`];
        default:
          return [];
      }
    });
  }

  /** The world did something to an agent or to what is on its way, or somebody else tells what they did. */
  happened(fault: FaultEvent): void {
    this.add('', faultFact(fault, this.#last));
  }

  add(system: string, happening: Happening): void {
    this.#facts.push({ ...happening, atMs: this.#nowMs(), system } as Fact);
    if (this.#facts.length >= 2 * factsMax) {
      this.#omitted += factsMax;
      this.#facts.splice(this.omittedAfter, factsMax);
    }
  }

  /** A number that nothing else here has. */
  nextNumber(): number {
    this.#lastNumber += 1;
    return this.#lastNumber;
  }

  asked(saying: Saying): { readonly headers: Headers; readonly question: Question } {
    // An object of its own, so that the message that travels with it is known to be this request.
    const headers = Object.freeze({ ...saying.inherited, ...saying.given });
    const question: Question = {
      number: this.nextNumber(),
      topic: saying.topic,
      asker: saying.sender,
      verb: saying.verb,
      answered: false,
      worker: undefined,
    };
    this.#questions.set(headers, question);
    return { headers, question };
  }

  left(system: string, envelope: Envelope): void {
    const message = this.nextNumber();
    const question = this.#questionOf(envelope);
    this.#messages.set(`${system} ${envelope.id}`, message);
    this.#last = { message, topic: envelope.topic, from: envelope.sender };
    this.add(system, {
      _tag: 'Sent',
      message,
      verb: question?.verb ?? (envelope.to === undefined ? 'publish' : 'tell'),
      from: envelope.sender,
      to: envelope.to,
      topic: topicOf(envelope),
      payload: payloadOf(envelope),
      question: question?.number,
      via: passedBy(envelope).at(-1),
    });
  }

  taken(system: string, { agent, envelope, timer }: Taking, handling: number): void {
    const message = timer === undefined ? this.#messages.get(`${system} ${envelope.id}`) : undefined;
    const question = this.#questionOf(envelope);
    if (question !== undefined) {
      question.worker = agent;
    }
    const timed = timer !== undefined || isNotice(envelope);
    this.add(system, { _tag: 'Taken', agent, handling, message, timed });
  }

  #questionOf(envelope: Envelope): Question | undefined {
    return envelope.replyTo === undefined ? undefined : this.#questions.get(envelope.headers);
  }

  #event(system: string, event: SystemEvent): void {
    switch (event._tag) {
      case 'AgentStarted':
        this.add(system, { _tag: 'Started', agent: event.agent });
        break;
      case 'AgentRestarted':
        this.add(system, { _tag: 'Restarted', agent: event.agent });
        break;
      case 'AgentStopped':
        this.add(system, { _tag: 'Stopped', agent: event.agent, reason: event.reason });
        break;
      case 'Failed': {
        const { agent, failure, supervisor, directive } = event.report;
        this.add(system, { _tag: 'Failed', agent, failure: failureText(failure), supervisor, directive });
        break;
      }
      case 'DeadLettered': {
        const { envelope, to, cause } = event.letter;
        this.add(system, {
          _tag: 'DeadLettered',
          message: this.#messages.get(`${system} ${envelope.id}`),
          from: envelope.sender,
          to,
          topic: envelope.topic,
          payload: payloadOf(envelope),
          cause,
        });
        break;
      }
      case 'Logged': {
        const { agent, level, message } = event;
        this.add(system, { _tag: 'Said', agent, level, text: lineText(message) });
        break;
      }
      case 'SystemStopped':
        this.add(system, { _tag: 'SystemStopped' });
        break;
      default:
      // What is sent and handled is heard of in other words.
    }
  }
}

const always = (): boolean => true;

/**
 * Questions of the world about its own faults: of each there is a `FaultEvent`. Only these; what
 * anybody else asks is told when it is answered, or nobody would tell of it.
 */
const ofFaults: ReadonlySet<string> = new Set([
  'fault: crash',
  'fault: partition',
  'fault: what becomes of a message',
  'whom to crash',
  'which key to crash',
  'how late',
]);
