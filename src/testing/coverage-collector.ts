/**
 * A collector of coverage: looks at runs, and puts together what was seen in them.
 *
 * Cost: a run that is not looked at costs the hash of its answers.
 */
import type { AnyStateMachine, AnyStateNode, InspectionEvent, StateValue } from 'xstate';
import type { Cell } from '../actors/cell.ts';
import type { Inspector } from '../actors/inspector.ts';
import { LocalRef } from '../actors/local-ref.ts';
import type { System } from '../actors/system.ts';
import type { DeadLetterCause } from '../core/dead-letter.ts';
import type { Choose } from '../core/simulated-environment.ts';
import type { DirectiveTag, EventListener, HandlingOutcome, SystemEvent } from '../core/system-event.ts';
import {
  type AgentCoverage,
  type ChoiceCoverage,
  type Coverage,
  coverageReport,
  type MessageCoverage,
} from './coverage.ts';
import type { FaultEvent } from './fault.ts';
import type { Equip } from './host.ts';
import { SeenMachine } from './machine-coverage.ts';
import type { WorldOptions } from './world.ts';

/** How many runs are looked at: `all`; `some`, the first 64 and one in 32; `none`, where only schedules are counted. */
export type LookAt = 'all' | 'some' | 'none';

const firstLooks = 64;
const lookOneIn = 32;
const schedulesMax = 1_000_000;
const lastMax = 100;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The part of a world that is looked at, beside its systems. */
interface Looked {
  readonly faults: readonly FaultEvent[];
}

export class CoverageCollector {
  readonly #lookAt: LookAt;
  readonly #schedules = new Set<number>();
  /** Whether each of the last runs was new, in turn. */
  readonly #fresh = new Uint8Array(lastMax);
  readonly #agents = new Map<string, Writable<AgentCoverage>>();
  readonly #declared = new Map<string, Set<string>>();
  readonly #messages = new Map<string, Writable<MessageCoverage>>();
  readonly #machines = new Map<string, SeenMachine>();
  readonly #choices = new Map<string, Writable<ChoiceCoverage>>();
  readonly #deadLetters: Partial<Record<DeadLetterCause, number>> = {};
  readonly #directives: Partial<Record<DirectiveTag, number>> = {};
  readonly #faults: Record<string, number> = {};
  #runs = 0;
  #lookedAt = 0;
  #longer = 0;

  constructor(lookAt: LookAt) {
    this.#lookAt = lookAt;
  }

  /** Whether the next run is to be looked at. */
  get looksNext(): boolean {
    return (
      this.#lookAt === 'all' ||
      (this.#lookAt === 'some' && (this.#runs < firstLooks || this.#runs % lookOneIn === 0))
    );
  }

  /** The options of a world that is looked at. */
  looking<Options extends WorldOptions>(options: Options): Options {
    return { ...options, choose: this.#watching(options.choose) };
  }

  /** Looks at one system of such a world, which may be one life of a host. */
  readonly equip: Equip = (options, system) => {
    const look = new Look(this, system);
    return {
      ...options,
      events: [...(options.events ?? []), look],
      inspect: both(options.inspect, look),
    };
  };

  /** A run is over that gave these answers, and would have been asked for more than there is room for if it is `longer`. */
  ended(answers: readonly number[], longer: boolean, looked: Looked | undefined): void {
    const hash = scheduleHash(answers);
    const fresh = this.#schedules.size < schedulesMax && !this.#schedules.has(hash);
    if (fresh) {
      this.#schedules.add(hash);
    }
    this.#fresh[this.#runs % lastMax] = Number(fresh);
    this.#runs += 1;
    this.#longer += Number(longer);
    if (looked !== undefined) {
      this.#lookedAt += 1;
      for (const fault of looked.faults) {
        const kind = fault._tag === 'Told' ? fault.subject : fault._tag;
        this.#faults[kind] = (this.#faults[kind] ?? 0) + 1;
      }
    }
  }

  /** What was seen so far. */
  coverage(): Coverage {
    const last = Math.min(this.#runs, lastMax);
    const seen = {
      runs: this.#runs,
      lookedAt: this.#lookedAt,
      longerThanTape: this.#longer,
      schedules: this.#schedules.size,
      saturation: { last, fresh: this.#fresh.reduce((sum, one) => sum + one, 0) },
      agents: sortedBy(this.#agents.values(), ({ definition }) => definition).map((agent) => ({
        ...agent,
        neverHandled: [...this.#declared.get(agent.definition)!].filter(
          (topic) => !this.#messages.has(`${topic} ${agent.definition}`),
        ),
      })),
      messages: sortedBy(this.#messages.values(), ({ topic, receiver }) => `${topic} ${receiver}`).map(
        (message) => ({
          ...message,
        }),
      ),
      machines: sortedBy(
        [...this.#machines.values()].map((machine) => machine.coverage()),
        ({ definition, machine }) => `${definition} ${machine}`,
      ),
      deadLetters: { ...this.#deadLetters },
      directives: { ...this.#directives },
      faults: { ...this.#faults },
      choices: [...this.#choices.values()].map((choice) => ({ ...choice })),
    };
    return { ...seen, report: () => coverageReport(seen) };
  }

  agent(definition: string): Writable<AgentCoverage> {
    const known = this.#agents.get(definition);
    if (known !== undefined) {
      return known;
    }
    const agent = {
      definition,
      started: 0,
      restarted: 0,
      stopped: 0,
      finished: 0,
      failed: 0,
      neverHandled: [],
    };
    this.#agents.set(definition, agent);
    this.#declared.set(definition, new Set());
    return agent;
  }

  /** What an agent of this definition could be told. */
  declares(definition: string, topic: string): void {
    this.#declared.get(definition)!.add(topic);
  }

  handled(topic: string, receiver: string, outcome: HandlingOutcome): void {
    const key = `${topic} ${receiver}`;
    const known = this.#messages.get(key) ?? { topic, receiver, handled: 0, failed: 0, interrupted: 0 };
    known[outcome] += 1;
    this.#messages.set(key, known);
  }

  deadLettered(cause: DeadLetterCause): void {
    this.#deadLetters[cause] = (this.#deadLetters[cause] ?? 0) + 1;
  }

  decided(directive: DirectiveTag): void {
    this.#directives[directive] = (this.#directives[directive] ?? 0) + 1;
  }

  machine(definition: string, machine: AnyStateMachine): SeenMachine {
    const key = `${definition} ${machine.id}`;
    const known = this.#machines.get(key) ?? new SeenMachine(definition, machine);
    this.#machines.set(key, known);
    return known;
  }

  #watching(choose: Choose): Choose {
    return (count, what, ready) => {
      const answer = choose(count, what, ready);
      if (count > 1) {
        const choice = this.#choices.get(what) ?? { what, asked: 0, otherwise: 0 };
        choice.asked += 1;
        choice.otherwise += answer === 0 ? 0 : 1;
        this.#choices.set(what, choice);
      }
      return answer;
    };
  }
}

/** Looks at one system. */
class Look implements EventListener {
  readonly #collector: CoverageCollector;
  readonly #system: () => System;
  /** The definitions of its agents, by path. */
  readonly #definitions = new Map<string, string>();

  constructor(collector: CoverageCollector, system: () => System) {
    this.#collector = collector;
    this.#system = system;
  }

  next(event: SystemEvent): void {
    const collector = this.#collector;
    switch (event._tag) {
      case 'AgentStarted':
        this.#started(event.agent, event.definition);
        break;
      case 'AgentRestarted':
        collector.agent(this.#definitionOf(event.agent)).restarted += 1;
        break;
      case 'AgentStopped': {
        const agent = collector.agent(this.#definitionOf(event.agent));
        agent[event.reason === 'finished' ? 'finished' : 'stopped'] += 1;
        break;
      }
      case 'HandlingEnded':
        // What is handled is of a topic; notices are not told of.
        collector.handled(event.topic!, this.#definitionOf(event.agent), event.outcome);
        break;
      case 'Failed':
        collector.agent(this.#definitionOf(event.report.agent)).failed += 1;
        collector.decided(event.report.directive);
        break;
      case 'DeadLettered':
        collector.deadLettered(event.letter.cause);
        break;
      default:
    }
  }

  /** A machine, or one of its children, has done something. */
  inspect(event: InspectionEvent): void {
    if (event.type !== '@xstate.snapshot' && event.type !== '@xstate.microstep') {
      return;
    }
    // Only the snapshot of a machine has one.
    const { machine, value } = event.snapshot as unknown as {
      readonly machine?: AnyStateMachine;
      readonly value: StateValue;
    };
    if (machine === undefined) {
      return;
    }
    const seen = this.#collector.machine(this.#definitionOf(event.rootId), machine);
    seen.isIn(value);
    const { _transitions: taken = [] } = event as {
      readonly _transitions?: readonly { readonly source: AnyStateNode; readonly eventType: string }[];
    };
    for (const { source, eventType } of taken) {
      seen.took(source, eventType);
    }
  }

  #started(path: string, definition: string): void {
    this.#definitions.set(path, definition);
    this.#collector.agent(definition).started += 1;
    /* v8 ignore next -- @preserve Who starts is there. */
    for (const { topic } of this.#cellAt(path)?.definition.handlers ?? []) {
      if (!topic.isPattern) {
        this.#collector.declares(definition, topic.name);
      }
    }
  }

  /** Also of an agent that nobody is told of, as those of keys are. What is no agent is itself. */
  #definitionOf(path: string): string {
    const definition = this.#definitions.get(path) ?? this.#cellAt(path)?.definition.name ?? path;
    this.#definitions.set(path, definition);
    return definition;
  }

  #cellAt(path: string): Cell | undefined {
    return LocalRef.cellOf(this.#system().agents.find(path)?.ref);
  }
}

function both(theirs: Inspector | undefined, look: Look): Inspector {
  return (event) => {
    look.inspect(event);
    return typeof theirs === 'function' ? theirs(event) : theirs?.next?.(event);
  };
}

/** In the order of their names, whatever the order of schedules was. */
function sortedBy<T>(elements: Iterable<T>, name: (element: T) => string): readonly T[] {
  return [...elements].sort((a, b) => (name(a) < name(b) ? -1 : 1));
}

/**
 * A number for a schedule: 52 bits of the answers, without the quiet ones at the end.
 *
 * Source: Fowler, Noll & Vo, FNV-1a, twice with other primes.
 */
function scheduleHash(answers: readonly number[]): number {
  let high = 0x811c9dc5;
  let low = 0x1b873593;
  const end = answers.findLastIndex((answer) => answer !== 0) + 1;
  for (let n = 0; n < end; n += 1) {
    high = Math.imul(high ^ answers[n]!, 0x01000193);
    low = Math.imul(low ^ answers[n]!, 0x5bd1e995);
    low ^= low >>> 15;
  }
  return (high >>> 12) * 2 ** 32 + (low >>> 0);
}
