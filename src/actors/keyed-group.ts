/**
 * A keyed group: one agent to everybody else, and inside one agent for each key.
 *
 *     message → key → its agent's mailbox           active: as if it had been told
 *                   → a place, and a new agent      passive, and there is a place, or an idle one gives its own up
 *                   → the door                      all places are taken by agents that are busy
 *
 * The group has no queue. A message goes to the mailbox of its key at once, so a
 * full one holds up only those who send to that key. Where there is no place, it is
 * treated as the overflow policy says: under `suspend` it stands at the door, with
 * those who sent it, and goes in when it is its key's turn; otherwise it is refused.
 *
 * Guarantees
 *   - Bound: never more than `activeMax` agents have begun and not ended; as many
 *     more may wait for those that are leaving; at most `spillMax` messages stand
 *     at the door without their senders.
 *   - Order: from one sender to one key, also across passivation.
 *   - A passive key holds nothing, unless somebody watches or observes it. When nobody
 *     does any more, what is kept is given back as other keys become passive; 64 stay.
 *
 * Cost: to find an active key, two looks into a map; to make a key active or passive
 * does not depend on how many there are.
 */
import { Chain } from '../core/chain.ts';
import type { Envelope } from '../core/envelope.ts';
import { FadingMap } from '../core/fading-map.ts';
import { Histogram } from '../core/histogram.ts';
import type { Receiver, Reception } from '../core/topic-board.ts';
import { Cell, type Signal, start } from './cell.ts';
import { Children } from './children.ts';
import { Counts } from './counts.ts';
import { endWatches, watchNobody } from './death-watch.ts';
import type { Keyed } from './define-agent.ts';
import { IdleInstances } from './idle-instances.ts';
import { CoolingDown, idOfKey, keyOf, NoKey } from './key.ts';
import { type InstanceGroup, KeyedInstance } from './keyed-instance.ts';
import { endsInSilence, isIdle } from './passivation.ts';
import { handOn, isWatched, PassiveKeys } from './passive-keys.ts';
import { Refusal } from './refusal.ts';
import { type Doorkeeper, WaitingKey } from './waiting-key.ts';

/** Keys of which it is remembered when they were restarted, and that they cool down; or twice as many as may be active. */
const remembered = 2_048;

export class KeyedGroup extends Cell implements InstanceGroup, Doorkeeper {
  readonly #keyed: Keyed;
  /** The newest agent of each key that has, or will have, a place. */
  readonly #instances = new Map<string, KeyedInstance>();
  /** Those that have begun and not ended. */
  #begun = 0;
  /** Of these, those that are on their way out. */
  readonly #leaving = new Map<string, KeyedInstance>();
  /** Those that will have the place of one that is leaving, in the order in which they came. */
  readonly #waiting = new Chain<KeyedInstance>();
  readonly #idle: IdleInstances;
  readonly #passive = new PassiveKeys();
  /** What stands at the door, by key; the key that came first has the next place. */
  readonly #door = new Map<string, WaitingKey>();
  readonly #line = new Chain<WaitingKey>();
  #spilled = 0;
  /** Restart times of keys that are passive. */
  readonly #histories: FadingMap<string, readonly number[]>;
  /** Until when a key that failed too often is left alone. */
  readonly #cooling: FadingMap<string, number>;
  /** What was counted on agents that are gone. */
  readonly #gone = new Counts();
  readonly #noPlace: Refusal;
  /** For which message it was looked last, and what was found: each is asked about several times on its way. */
  #lastId = -1;
  #lastFound: KeyedInstance | WaitingKey | undefined;

  constructor(facts: ConstructorParameters<typeof Cell>[0], keyed: Keyed) {
    super(facts);
    this.#keyed = keyed;
    const keysMax = Math.max(remembered, 2 * keyed.activeMax);
    this.#histories = new FadingMap({ keysMax });
    this.#cooling = new FadingMap({ keysMax });
    this.#noPlace = new Refusal(
      this.path,
      (envelope) => {
        this.#refused();
        return this.refuse(envelope);
      },
      keyed.activeMax,
    );
    this.#idle = new IdleInstances(this.kernel, keyed.idleMs, (instance) => this.#passivate(instance));
    this.histogram = new Histogram();
  }

  override get mailboxCapacity(): number {
    return this.#keyed.activeMax;
  }

  override get holdsMessages(): boolean {
    return this.#door.size > 0 || this.#waiting.size > 0;
  }

  override get hasFreeSlot(): boolean {
    return this.#hasPlace || this.#leaving.size > 0 || this.#idle.longest() !== undefined;
  }

  override receiverFor(envelope: Envelope): Receiver {
    const found = this.#lastFound;
    if (envelope.id === this.#lastId && found !== undefined && this.#isCurrent(found, envelope)) {
      return found;
    }
    const receiver = this.#find(envelope);
    // Only now: `keyed` may send messages, too, and those are looked for in the midst of it.
    this.#lastId = envelope.id;
    this.#lastFound =
      receiver instanceof KeyedInstance || receiver instanceof WaitingKey ? receiver : undefined;
    return receiver;
  }

  override receive(envelope: Envelope): Reception {
    const receiver = this.receiverFor(envelope);
    /* v8 ignore next -- @preserve Whoever hands a message over asks first who takes it; kept should somebody forget. */
    return receiver === this ? super.receive(envelope) : receiver.receive(envelope);
  }

  get closes(): boolean {
    return this.drains || this.ending;
  }

  receiverOfKey(key: string, envelope: Envelope): Receiver {
    if (this.isClosedTo(envelope)) {
      return this;
    }
    const instance = this.#instances.get(key);
    if (instance !== undefined && !instance.ending) {
      return instance;
    }
    if (instance !== undefined) {
      this.#leaves(instance);
    }
    const untilMs = this.#cooling.get(key);
    if (untilMs !== undefined && untilMs > this.kernel.nowMs()) {
      return this.#coolsDown(key, untilMs);
    }
    const id = idOfKey(key);
    if (id === undefined) {
      return this.#noKey(new NoKey({ group: this.path, key, reason: 'the text is not well-formed' }));
    }
    // Whoever stands at the door came first.
    return (
      this.#door.get(key) ??
      (this.#door.size === 0 ? this.#activate(key, id) : undefined) ??
      this.#outside(key)
    );
  }

  cellOfKey(key: string): Cell {
    const known = this.#instances.get(key) ?? this.#leaving.get(key) ?? this.#passive.get(key);
    if (known !== undefined) {
      return known;
    }
    const instance = this.#make(key, idOfKey(key)!);
    this.#staysPassive(instance);
    return instance;
  }

  /** Keys of which something is kept although they are passive, because somebody watches or observes them. */
  get passiveKeys(): readonly string[] {
    return this.#passive.keys;
  }

  stopsPassive(instance: KeyedInstance): void {
    this.#passive.forget(instance.key);
    instance.phase = 'stopped';
    instance.stopReason = 'stopped';
    endWatches(instance);
    instance.observers?.changed(instance);
    instance.emitted?.clear();
  }

  tookTurn(instance: KeyedInstance): void {
    if (!isIdle(instance)) {
      this.#idle.remove(instance);
      return;
    }
    this.#idle.add(instance);
    if (this.#door.size > 0 || this.drains) {
      this.#passivate(instance);
      this.#serve();
    } else {
      this.#idle.setTimer();
    }
  }

  override run(batch: number): boolean {
    const more = super.run(batch);
    // It may have begun anew.
    this.#serve();
    return more;
  }

  override signal(signal: Signal): void {
    if (signal._tag === 'childEnded') {
      this.#ended(signal.child as KeyedInstance);
    }
    super.signal(signal);
  }

  override givesUp(child: Cell): boolean {
    const { key } = child as KeyedInstance;
    this.#cooling.set(key, this.kernel.nowMs() + this.#keyed.coolDownMs);
    return true;
  }

  override letGo(): void {
    this.#idle.cancelTimer();
    this.#lastFound = undefined;
    for (const waiting of this.#line) {
      this.leftTheLine(waiting);
      for (const envelope of waiting.close()) {
        this.#gone.offered += 1;
        this.#gone.accepted += 1;
        this.#gone.unhandledAtStop += 1;
        this.drop(envelope, 'Stopped');
      }
    }
    for (const instance of this.#waiting) {
      // It has never begun: what waits for it is a dead letter, and then it ends.
      this.#waiting.remove(instance);
      this.#instances.delete(instance.key);
      for (const envelope of instance.mailbox.close()) {
        instance.unhandledAtStop += 1;
        instance.drop(envelope, 'Stopped');
      }
      instance.lease?.settle();
      this.#gone.addAll(instance.counts());
      this.stopsPassive(instance);
    }
    for (const instance of this.#passive) {
      this.stopsPassive(instance);
    }
  }

  override counts(): Counts {
    const counts = super.counts().addAll(this.#gone);
    for (const some of [this.#instances, this.#leaving]) {
      for (const instance of some.values()) {
        counts.addAll(instance.counts());
      }
    }
    counts.offered += this.#spilled;
    counts.accepted += this.#spilled;
    counts.waiting += this.#spilled;
    return counts;
  }

  get doorIsFull(): boolean {
    return this.#spilled >= this.definition.spillMax;
  }

  standsInLine(waiting: WaitingKey): void {
    this.#door.set(waiting.key, waiting);
    this.#line.append(waiting);
  }

  leftTheLine(waiting: WaitingKey): void {
    this.#door.delete(waiting.key);
    this.#line.remove(waiting);
  }

  spilledAtDoor(count: number): void {
    this.#spilled += count;
  }

  #find(envelope: Envelope): Receiver {
    if (this.isClosedTo(envelope)) {
      return this;
    }
    const key = keyOf(this.#keyed.keyed, envelope, this.path);
    return typeof key === 'string' ? this.receiverOfKey(key, envelope) : this.#noKey(key);
  }

  /** Whether what was found for a message before still takes it: a copy of it, or one that was late, comes after a while. */
  #isCurrent(found: KeyedInstance | WaitingKey, envelope: Envelope): boolean {
    if (this.isClosedTo(envelope)) {
      return false;
    }
    if (found instanceof KeyedInstance) {
      return found.takesMessages;
    }
    const { key } = found;
    const waiting = this.#door.get(key);
    return waiting === undefined ? !this.#instances.has(key) && !this.#comesIn : waiting === found;
  }

  /** Whether a message for a key without an agent would go in now, past the door. */
  get #comesIn(): boolean {
    return (
      this.#door.size === 0 && !this.#holdsBack && (this.#hasPlace || this.#idle.longest() !== undefined)
    );
  }

  /** Whether one more may begin, now or when those who leave have left. */
  get #hasPlace(): boolean {
    return this.#begun - this.#leaving.size + this.#waiting.size < this.#keyed.activeMax;
  }

  /** Whether nobody may begin now: it has failed, and all that are below it end. */
  get #holdsBack(): boolean {
    return this.ending || this.phase === 'suspended' || this.restarting;
  }

  /** Gives a key an agent, if there is a place for it. */
  #activate(key: string, id: string): KeyedInstance | undefined {
    if (this.#holdsBack) {
      return undefined;
    }
    if (!this.#hasPlace) {
      const idle = this.#idle.longest();
      if (idle === undefined) {
        return undefined;
      }
      this.#passivate(idle);
    }
    const instance = this.#make(key, id);
    this.#passive.wake(instance);
    this.#instances.set(key, instance);
    this.#waiting.append(instance);
    this.#begin();
    return instance;
  }

  /** Those who wait begin, as far as there are places. */
  #begin(): void {
    for (const instance of this.#waiting) {
      if (this.#begun >= this.#keyed.activeMax) {
        return;
      }
      if (!this.#leaving.has(instance.key)) {
        this.#waiting.remove(instance);
        this.#begun += 1;
        instance.stage = 'active';
        instance.restartedAtMs = this.#histories.get(instance.key) ?? instance.restartedAtMs;
        this.children ??= new Children();
        this.children.add(instance);
        instance.signal(start);
      }
    }
  }

  /** There may be places again: first for those who were promised one, then for those at the door. */
  #serve(): void {
    if (this.#holdsBack || (this.#waiting.size === 0 && this.#door.size === 0)) {
      return;
    }
    this.#begin();
    for (let next = this.#line.first; next !== undefined; next = this.#line.first) {
      const instance = this.#activate(next.key, idOfKey(next.key)!);
      if (instance === undefined) {
        return;
      }
      this.leftTheLine(next);
      next.goTo(instance);
    }
  }

  /** Puts an idle agent away: at once, or, where it has a last step to take, when that is over. */
  #passivate(instance: KeyedInstance): void {
    this.#leaves(instance);
    if (endsInSilence(instance)) {
      instance.mailbox.close();
      watchNobody(instance);
      instance.lease?.settle();
      instance.phase = 'stopped';
      this.#hasLeft(instance, true);
    } else {
      instance.passivate();
    }
  }

  /** It is on its way out, and takes no more messages: whoever wants its key has a new agent. */
  #leaves(instance: KeyedInstance): void {
    this.#idle.remove(instance);
    instance.stage = 'leaving';
    this.#instances.delete(instance.key);
    this.#leaving.set(instance.key, instance);
  }

  /** An agent has ended, for a while or for good. */
  #ended(instance: KeyedInstance): void {
    if (instance.stage === 'waiting') {
      this.#waiting.remove(instance);
      this.#instances.delete(instance.key);
      this.#gone.addAll(instance.counts());
    } else {
      if (instance.stage === 'active') {
        this.#leaves(instance);
      }
      this.#hasLeft(instance, instance.passivating);
    }
    this.#serve();
  }

  #hasLeft(instance: KeyedInstance, isPassive: boolean): void {
    const { key } = instance;
    this.#leaving.delete(key);
    this.#begun -= 1;
    this.children!.delete(instance);
    if (instance.restartedAtMs.length > 0) {
      this.#histories.set(key, instance.restartedAtMs);
    }
    this.#gone.addAll(instance.counts());
    if (isPassive) {
      const successor = this.#instances.get(key);
      if (successor !== undefined) {
        handOn(instance, successor);
      } else if (isWatched(instance)) {
        this.#staysPassive(instance);
      } else {
        this.#passive.look();
      }
    }
  }

  /** Keeps what is left of a passive agent, for those who watch or observe it. */
  #staysPassive(instance: KeyedInstance): void {
    instance.becomePassive();
    if (this.ending) {
      this.stopsPassive(instance);
      return;
    }
    this.#passive.keep(instance);
  }

  #make(key: string, id: string): KeyedInstance {
    const { kernel, conduct, lease } = this;
    const facts = {
      kernel,
      conduct,
      definition: this.#keyed.each,
      parent: this,
      id,
      count: 0,
      kind: 'transient' as const,
      significant: false,
      subscribes: false,
      input: key,
      lease: lease?.child({}),
    };
    const instance = new KeyedInstance(facts, this, key);
    instance.histogram = this.histogram;
    kernel.witness?.spawned(instance);
    return instance;
  }

  /** Where a message goes whose key has no place. */
  #outside(key: string): Receiver {
    return this.definition.overflow === 'suspend' ? new WaitingKey(this, key) : this.#noPlace;
  }

  #noKey(failure: NoKey): Refusal {
    return new Refusal(this.path, (envelope) => {
      this.#refused();
      this.kernel.deadLetter(envelope, this.path, 'NoKey', failure);
      this.conduct.fail(this, failure, envelope);
      return 'taken';
    });
  }

  #coolsDown(key: string, untilMs: number): Refusal {
    const agent = `${this.path}/${idOfKey(key)}`;
    return new Refusal(agent, (envelope) => {
      this.#refused();
      const afterMs = Math.max(0, untilMs - this.kernel.nowMs());
      this.kernel.deadLetter(envelope, agent, 'CoolingDown', new CoolingDown({ agent, afterMs }));
      return 'taken';
    });
  }

  #refused(): void {
    this.#lastFound = undefined;
    this.#gone.offered += 1;
    this.#gone.refused += 1;
  }
}
