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
import { describeValue } from '../core/describe-value.ts';
import type { Envelope, Headers } from '../core/envelope.ts';
import { isNotice } from '../core/notice.ts';
import { oneLine } from '../core/one-line.ts';
import { shorten } from '../core/shorten.ts';
import { type Choose, isFault } from '../core/simulated-environment.ts';
import type { EventListener, SystemEvent } from '../core/system-event.ts';
import type {
  HandlingTrace,
  Instrumentation,
  RequestTrace,
  Saying,
  Taking,
  Tracing,
  Verb,
} from '../core/tracing.ts';
import { choiceWords } from './choice-words.ts';
import type { FaultEvent, OnTheWay } from './fault.ts';
import { viaHeader } from './link-path.ts';
import type { Fact } from './story-fact.ts';

/** A fact without its time and system. */
type Happening = Fact extends infer One ? (One extends Fact ? Omit<One, 'atMs' | 'system'> : never) : never;

/** A request that was asked, as far as its replies need it. */
interface Question {
  readonly number: number;
  readonly topic: string;
  readonly asker: string | undefined;
  readonly verb: Verb;
  answered: boolean;
  /** Who has it in hand, or had it last. */
  worker: string | undefined;
}

const factsMax = 20_000;
const payloadCharsMax = 160;
const failureCharsMax = 400;

export class StoryRecorder {
  readonly #nowMs: () => number;
  readonly #facts: Fact[] = [];
  /** By the ids of their envelopes: a copy of a message has the same one. */
  readonly #messages = new Map<string, number>();
  readonly #questions = new WeakMap<Headers, Question>();
  /** What left last: a fault on the way comes at once. */
  #last:
    | { readonly message: number; readonly topic: string | undefined; readonly from: string | undefined }
    | undefined;
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
      // A fault is told by whoever does it.
      if (answer !== 0 && !isFault(what) && !ofFaults.has(what)) {
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

  /** The world did something to an agent, or to what is on its way. */
  happened(fault: FaultEvent): void {
    switch (fault._tag) {
      case 'Dropped':
        this.#onTheWay(fault.message, 'is lost', true);
        break;
      case 'Duplicated':
        this.#onTheWay(fault.message, `is doubled${late(fault.lateMs, ', the copy comes')}`, false, true);
        break;
      case 'Delayed':
        this.#onTheWay(fault.message, `is held back${late(fault.lateMs, '')}`, false);
        break;
      case 'Crashed':
        this.#fault(fault.what === 'agent' ? fault.name : `host ${fault.name}`, 'is made to crash');
        break;
      case 'Restarted':
        this.#fault(`host ${fault.name}`, 'begins anew');
        break;
      case 'Partitioned':
      case 'Healed':
        this.#fault(
          `the link between ${fault.between.join(' and ')}`,
          fault._tag === 'Healed' ? 'is whole again' : 'carries nothing',
        );
    }
  }

  #onTheWay(way: OnTheWay, words: string, lost: boolean, doubled = false): void {
    const { kind, topic, payload, sender, receiver, linked } = way;
    // A host has no lane of its own.
    const agent = receiver?.includes('/') === true ? receiver : undefined;
    const isLast =
      kind === 'message' && this.#last?.topic === topic && (linked || this.#last?.from === sender);
    const text = payload === undefined ? '' : ` ${describeValue(payload, payloadCharsMax)}`;
    const what = {
      message: '',
      reply: `the reply${text} to `,
      failure: 'the failure of ',
      end: 'the end of ',
    }[kind];
    const ends = (linked ? undefined : sender) !== undefined && (kind === 'reply' || kind === 'failure');
    this.add('', {
      _tag: 'Fault',
      subject: `${what}${topic ?? 'a message'} from ${sender ?? 'outside'} to ${receiver ?? 'outside'}`,
      words,
      agent,
      message: isLast ? this.#last!.message : undefined,
      lost,
      answer: ends && !doubled ? { from: sender!, to: agent } : undefined,
    });
  }

  #fault(subject: string, words: string): void {
    this.add('', {
      _tag: 'Fault',
      subject,
      words,
      agent: subject.includes('/') ? subject : undefined,
      message: undefined,
      lost: false,
      answer: undefined,
    });
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
      // What it causes where it has arrived carries the header on, but has a sender.
      via: envelope.sender === undefined ? envelope.headers[viaHeader]?.split(' ').at(-1) : undefined,
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
        this.add(system, { _tag: 'Said', agent, level, text: shorten(oneLine(message), payloadCharsMax) });
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

/** What one system is asked and tells while it is recorded. */
class RecordedSystem implements Tracing {
  readonly #recorder: StoryRecorder;
  readonly #system: string;
  readonly #isHeard: () => boolean;

  constructor(recorder: StoryRecorder, system: string, isHeard: () => boolean) {
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
      const text = payload === undefined ? '' : describeValue(payload, payloadCharsMax);
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

const always = (): boolean => true;

/** Questions that belong to a fault, which says what was answered. */
const ofFaults: ReadonlySet<string> = new Set(['whom to crash', 'which key to crash', 'how late']);

const late = (ms: number, words: string): string =>
  ms === 0 ? '' : `${words} ${ms} ms${words === '' ? '' : ' later'}`;

const topicOf = (envelope: Envelope): string => envelope.topic ?? 'a message';

function payloadOf(envelope: Envelope): string {
  return envelope.payload === undefined ? '' : describeValue(envelope.payload, payloadCharsMax);
}

function failureText(failure: unknown): string {
  return shorten(oneLine(withoutColours(describeValue(failure, failureCharsMax))), failureCharsMax);
}

/** Messages of assertions may be coloured for a terminal. */
export function withoutColours(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the character that begins a colour.
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}
