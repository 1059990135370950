/**
 * An instance: the agent of one key in a keyed group. It is a cell like any other;
 * only its coming and going is its group's business.
 *
 *     waiting → active → (leaving →) passive → …
 *
 * A ref of an instance speaks of the key: what is told to it reaches whoever is
 * the agent of that key by then.
 */
import type { Link } from '../core/chain.ts';
import type { Envelope } from '../core/envelope.ts';
import type { Receiver } from '../core/topic-board.ts';
import { Cell, type Signal } from './cell.ts';

/** What an instance asks of its group. */
export interface InstanceGroup {
  /** Whether the group takes no more messages from outside, or none at all. */
  readonly closes: boolean;
  /** The turn of an instance is over: it may be idle now. */
  tookTurn(instance: KeyedInstance): void;
  /** Who takes messages for a key now. */
  receiverOfKey(key: string, envelope: Envelope): Receiver;
  /** A key that is passive is to end, for the sake of those who watch it. */
  stopsPassive(instance: KeyedInstance): void;
  /** The cell that stands for a key now, also while it is passive. */
  cellOfKey(key: string): Cell;
}

/**
 * `waiting`: it has a mailbox and will have a place. `active`: it has a place.
 * `leaving`: it has a place and is on its way out. `passive`: it has been put away.
 */
export type Stage = 'waiting' | 'active' | 'leaving' | 'passive';

export class KeyedInstance extends Cell implements Link<KeyedInstance> {
  readonly group: InstanceGroup;
  readonly key: string;
  stage: Stage = 'waiting';
  /** Since when it has been idle, while it stands among the idle ones. */
  idleSinceMs = 0;
  before: KeyedInstance | undefined = undefined;
  after: KeyedInstance | undefined = undefined;
  chained = false;
  #passivating = false;

  constructor(facts: ConstructorParameters<typeof Cell>[0], group: InstanceGroup, key: string) {
    super(facts);
    this.group = group;
    this.key = key;
  }

  override get isOneOfMany(): boolean {
    return true;
  }

  override get passivating(): boolean {
    return this.#passivating;
  }

  /** A passive one does nothing any more, although its key has not ended. */
  override get ending(): boolean {
    return this.stage === 'passive' || super.ending;
  }

  override get standsIn(): Cell {
    return this.group.cellOfKey(this.key);
  }

  /** Whether it takes messages for its key. */
  get takesMessages(): boolean {
    return (this.stage === 'active' || this.stage === 'waiting') && !this.ending;
  }

  override receiverFor(envelope: Envelope): Receiver {
    const { group } = this;
    return this.takesMessages && !group.closes ? this : group.receiverOfKey(this.key, envelope);
  }

  override signal(signal: Signal): void {
    if (this.stage === 'passive') {
      if (signal._tag === 'stop') {
        this.group.stopsPassive(this);
      }
      return;
    }
    if (signal._tag === 'stop') {
      // If it is on its way out for a while only, it is for good now.
      this.#passivating = false;
    }
    super.signal(signal);
  }

  override run(batch: number): boolean {
    const more = super.run(batch);
    if (!more && this.stage === 'active') {
      this.group.tookTurn(this);
    }
    return more;
  }

  /** It takes its last step, and then it is passive. */
  passivate(): void {
    super.signal({
      _tag: 'stop',
      mode: 'now',
      withinMs: Number.POSITIVE_INFINITY,
      reason: 'stopped',
      failure: undefined,
    });
    this.#passivating = true;
  }

  /** It has been put away; what is left of it stands for its key, for those who watch or observe it. */
  becomePassive(): void {
    this.stage = 'passive';
    this.phase = 'starting';
    this.begun = false;
    this.state = undefined;
    this.behaviour = undefined;
  }
}
