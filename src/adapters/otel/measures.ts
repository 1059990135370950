/**
 * Measures: what is counted and timed, as OpenTelemetry's instruments.
 *
 * Attributes are names of definitions and topics, tags and causes: never a path,
 * an id or a thread. Of each kind the first `namesMax` values have a series of
 * their own, and the rest share `other`. All systems that are measured with one
 * meter are added up.
 */
import type {
  Attributes,
  BatchObservableResult,
  Counter,
  Histogram,
  Meter,
  MetricOptions,
} from '@opentelemetry/api';
import type { Lease } from '../../core/budget.ts';
import type { FailureReport, SystemEvent } from '../../core/system-event.ts';
import type { Instrumented, Verb } from '../../core/tracing.ts';
import { BoundedNames } from './bounded-names.ts';
import { metrics, attributes as name } from './names.ts';

/** What does not fit into a mailbox, by what became of it. */
const drops: ReadonlySet<string> = new Set(['Displaced', 'Dropped', 'Rejected', 'MailboxFailed']);

const resources = ['tokens', 'costUsd', 'steps', 'toolCalls', 'work'] as const;

/** Seconds: from the time of a step to that of a long conversation. */
const boundaries = [
  0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

export class Measures {
  readonly #agentNames: BoundedNames;
  readonly #topics: BoundedNames;
  readonly #errorTypes: BoundedNames;
  readonly #processDuration: Histogram;
  readonly #requestDuration: Histogram;
  readonly #sent: Counter;
  readonly #deadLetters: Counter;
  readonly #drops: Counter;
  readonly #failures: Counter;
  readonly #restarts: Counter;
  readonly #budgetSpent: Counter;
  /** Of each budget, what was counted of it. */
  readonly #counted = new WeakMap<Lease, Map<string, number>>();
  readonly #gauges: Gauges;

  constructor(meter: Meter, namesMax: number) {
    this.#agentNames = new BoundedNames(namesMax);
    this.#topics = new BoundedNames(namesMax);
    this.#errorTypes = new BoundedNames(namesMax);
    const seconds = { advice: { explicitBucketBoundaries: boundaries } };
    const { processDuration, requestDuration } = metrics;
    this.#processDuration = meter.createHistogram(processDuration.name, { ...processDuration, ...seconds });
    this.#requestDuration = meter.createHistogram(requestDuration.name, { ...requestDuration, ...seconds });
    const counter = (metric: MetricOptions & { readonly name: string }): Counter =>
      meter.createCounter(metric.name, metric);
    this.#sent = counter(metrics.sentMessages);
    this.#deadLetters = counter(metrics.deadLetters);
    this.#drops = counter(metrics.drops);
    this.#failures = counter(metrics.failures);
    this.#restarts = counter(metrics.restarts);
    this.#budgetSpent = counter(metrics.budgetSpent);
    this.#gauges = gaugesOf(meter);
  }

  /** Begins to look at a system whenever the gauges are read; returns how to end that. */
  watch(system: Instrumented): () => void {
    return this.#gauges.watch({ system, nameOf: (definition) => this.#agentNames.of(definition) });
  }

  sent(topic: string | undefined): void {
    this.#sent.add(1, { [name.destination]: this.#topics.of(topic) });
  }

  settled(verb: Verb, topic: string, errorType: string | undefined, seconds: number): void {
    this.#requestDuration.record(seconds, {
      [name.verb]: verb,
      [name.destination]: this.#topics.of(topic),
      ...this.#error(errorType),
    });
  }

  /** Counts what was spent of a budget since it was last looked at. What was corrected downwards is not taken back. */
  spent(root: Lease): void {
    const counted = this.#counted.get(root) ?? new Map<string, number>();
    this.#counted.set(root, counted);
    for (const resource of resources) {
      const before = counted.get(resource) ?? 0;
      const now = root.spent(resource);
      if (now > before) {
        counted.set(resource, now);
        this.#budgetSpent.add(now - before, { [name.resource]: resource });
      }
    }
  }

  told(event: SystemEvent, system: Instrumented): void {
    switch (event._tag) {
      case 'HandlingEnded':
        this.#processDuration.record((event.atMs - event.startedAtMs) / 1_000, {
          [name.agentName]: this.#agentAt(event.agent, system),
          [name.destination]: this.#topics.of(event.topic),
          [name.outcome]: event.outcome,
        });
        return;
      case 'DeadLettered': {
        const { cause, envelope } = event.letter;
        const facts = { [name.cause]: cause, [name.destination]: this.#topics.of(envelope.topic) };
        this.#deadLetters.add(1, facts);
        if (drops.has(cause)) {
          this.#drops.add(1, facts);
        }
        return;
      }
      case 'Failed':
        this.#failures.add(1, this.#failureOf(event.report, system));
        return;
      case 'AgentRestarted':
        this.#restarts.add(1, { [name.agentName]: this.#agentAt(event.agent, system) });
        return;
    }
  }

  #failureOf(report: FailureReport, system: Instrumented): Attributes {
    return {
      [name.failureClass]: report.class,
      [name.directive]: report.directive,
      [name.agentName]: this.#agentAt(report.agent, system),
    };
  }

  #agentAt(path: string, system: Instrumented): string {
    return this.#agentNames.of(path === '/' ? 'system' : system.definitionOf(path));
  }

  #error(errorType: string | undefined): Attributes {
    return errorType === undefined ? {} : { [name.errorType]: this.#errorTypes.of(errorType) };
  }
}

interface Watched {
  readonly system: Instrumented;
  readonly nameOf: (definition: string) => string;
}

/**
 * Gauges: looked at when somebody reads them, for all systems of a meter at once,
 * because of two observations of one series the last would win.
 *
 * A series that nobody observes any more would stay at its last value for ever. So
 * of a definition whose agents have ended 0 is said once more; and when the last
 * system has, the next reading says so, and is the last.
 */
class Gauges {
  readonly #watched = new Set<Watched>();
  /** Names that were above 0 when last read. */
  #above = new Set<string>();
  #reads = false;
  readonly #meter: Meter;
  readonly #depth;
  readonly #active;
  readonly #observe = (result: BatchObservableResult): void => this.#read(result);

  constructor(meter: Meter) {
    this.#meter = meter;
    this.#depth = meter.createObservableGauge(metrics.mailboxDepth.name, metrics.mailboxDepth);
    this.#active = meter.createObservableGauge(metrics.activeAgents.name, metrics.activeAgents);
  }

  watch(watched: Watched): () => void {
    if (!this.#reads) {
      this.#reads = true;
      this.#meter.addBatchObservableCallback(this.#observe, [this.#depth, this.#active]);
    }
    this.#watched.add(watched);
    return () => {
      this.#watched.delete(watched);
      if (this.#above.size === 0) {
        this.#leaveWhenUnwatched();
      }
    };
  }

  #leaveWhenUnwatched(): void {
    if (this.#watched.size === 0) {
      this.#reads = false;
      this.#meter.removeBatchObservableCallback(this.#observe, [this.#depth, this.#active]);
    }
  }

  #read(result: BatchObservableResult): void {
    const sums = new Map<string, { agents: number; waiting: number }>();
    for (const agentName of this.#above) {
      sums.set(agentName, { agents: 0, waiting: 0 });
    }
    this.#above = new Set();
    for (const { system, nameOf } of this.#watched) {
      system.eachAgent((definition, waiting) => {
        const agentName = nameOf(definition);
        const sum = sums.get(agentName) ?? { agents: 0, waiting: 0 };
        sum.agents += 1;
        sum.waiting += waiting;
        sums.set(agentName, sum);
      });
    }
    for (const [agentName, { agents, waiting }] of sums) {
      result.observe(this.#active, agents, { [name.agentName]: agentName });
      result.observe(this.#depth, waiting, { [name.agentName]: agentName });
      if (agents > 0) {
        this.#above.add(agentName);
      }
    }
    this.#leaveWhenUnwatched();
  }
}

const gauges = new WeakMap<Meter, Gauges>();

function gaugesOf(meter: Meter): Gauges {
  const known = gauges.get(meter) ?? new Gauges(meter);
  gauges.set(meter, known);
  return known;
}
