/**
 * The children of a machine agent, at any depth: how each comes to be hosted, begins and ends.
 *
 *     adopted → (the step that made it commits) → started → running → done, failed or stopped
 *
 * XState makes the children itself; each is adopted when its constructor tells of it.
 * How it ended it says to those who look at it and to its parent, whose event that is.
 *
 * Guarantees
 *   - Identity is the path: of a child without an id it is a number of its parent's.
 *   - A child whose step failed before it was committed was never there.
 *   - There are no more of them than `hosted-limit` allows, or the step that makes one fails.
 *   - One that has ended keeps nothing: no timer, no event, no name, no request open.
 */
import type { Cascade } from './cascade.ts';
import type { Cell } from './cell.ts';
import { safely, tellEach } from './child-observers.ts';
import { HostedActor, HostedStep } from './hosted-actor.ts';
import { makeRoom } from './hosted-limit.ts';
import type { HostedTurn } from './hosted-turn.ts';
import { LocalRef } from './local-ref.ts';
import type { SystemIds } from './system-ids.ts';
import { type InnerActor, type InnerSnapshot, innerEvents, processing } from './xstate-inner.ts';

export class HostedChildren {
  readonly #cell: Cell;
  readonly #root: HostedActor;
  readonly #cascade: Cascade;
  readonly #turn: HostedTurn;
  readonly #ids: SystemIds;
  /** The living ones, in the order in which they were made. */
  #living: Map<object, HostedActor> | undefined;

  /** `root` is the agent's own actor, whose children they are or become. */
  constructor(cell: Cell, root: HostedActor, cascade: Cascade, ids: SystemIds) {
    this.#cell = cell;
    this.#root = root;
    this.#cascade = cascade;
    this.#turn = cascade.turn;
    this.#ids = ids;
  }

  /** How many live. */
  get size(): number {
    return this.#living?.size ?? 0;
  }

  /** What hosts this actor, living or ended: a child, or the root; `undefined` for a stranger. */
  hostOf(actor: object): HostedActor | undefined {
    if (actor === this.#root.self) {
      return this.#root;
    }
    const child = this.#living?.get(actor) ?? (actor as Partial<InnerActor>).mailbox;
    if (child instanceof HostedActor && child.system === this.#root.system) {
      return child;
    }
    return LocalRef.cellOf(actor) === this.#cell ? this.#root : undefined;
  }

  /** The step that is being taken above it, if one is: what happens to its name is undone with that. */
  stepAbove(actor: object): HostedStep | undefined {
    let step: HostedStep | undefined;
    // One that has not begun has a step of its own, which is no more than a part of its parent's.
    for (let above = this.hostOf(actor)!.parent; above !== undefined; above = above.parent) {
      step = above.step ?? step;
    }
    return step;
  }

  /** Frees the name of an actor, if it has one. */
  unname(actor: InnerActor): void {
    const { systemId } = actor;
    if (systemId !== undefined) {
      this.#ids.free(systemId, actor, this.stepAbove(actor));
    }
  }

  /** Takes over an actor that XState is making. Errors: `RangeError` when there are too many. */
  adopt(actor: InnerActor): void {
    const parent = this.hostOf(actor._parent!)!;
    const { system } = this.#root;
    makeRoom('children', this.size, system.path);
    if (actor.id === '') {
      parent.unnamed += 1;
      actor.id = `${nameOf(actor.src)}-${parent.unnamed}`;
    }
    actor.sessionId = `${parent.sessionId}/${actor.id}`;
    const child = new HostedActor({
      system,
      parent,
      logic: actor.logic,
      self: actor,
      input: actor.options.input,
      id: actor.id,
      sessionId: actor.sessionId,
      question: this.#turn.question?.begin(),
      setBy: this.#turn.trace,
    });
    actor._actorScope = child;
    actor.mailbox = child;
    actor.start = () => this.#start(child);
    actor.subscribe = safely(actor);
    this.#living ??= new Map();
    this.#living.set(actor, child);
    // What it does while XState computes its first state is staged with its own first step.
    child.step = new HostedStep(child, undefined);
    if (parent.status === 'new') {
      parent.made ??= [];
      parent.made.push(child);
    }
    if (parent.step !== undefined) {
      parent.step.born ??= [];
      parent.step.born.push(child);
    }
  }

  /** The step that made it failed. */
  unmake(child: HostedActor): void {
    this.#end(child);
  }

  /** A parent stops a child of its own. Errors: `RangeError` for a child of another one. */
  stop(parent: HostedActor, actor: object): void {
    const child = this.#living?.get(actor);
    if (child === undefined) {
      return;
    }
    if (child.parent !== parent) {
      throw new RangeError(`'${child.sessionId}' is not a child of '${parent.sessionId}'`);
    }
    if (child.status === 'new') {
      this.#end(child);
    } else if (parent.step !== undefined) {
      parent.defer(() => this.#stop(child));
    } else {
      this.#stop(child);
    }
  }

  /** All effects of a step of a child are done: it may have ended with it. */
  concluded({ hosted: child, event }: HostedStep): void {
    const actor = child.self as InnerActor;
    const snapshot = child.snapshot!;
    const { status } = snapshot;
    const { report } = this.#turn;
    if (status === 'active' || status === 'done') {
      tellEach(actor, report, 'next', snapshot);
    }
    if (status === 'done') {
      this.#end(child);
      tellEach(actor, report, 'complete', undefined);
      this.#cascade.send(child, child.parent!, {
        type: `${innerEvents.done}${child.id}`,
        output: snapshot.output,
        actorId: child.id,
      });
    } else if (status === 'error') {
      this.failed(child, snapshot.error);
    } else if (event?.type === innerEvents.stop) {
      this.#end(child);
      tellEach(actor, report, 'complete', undefined);
    }
  }

  /** It ends, and its own children with it. */
  failed(child: HostedActor, failure: unknown): void {
    const { report } = this.#turn;
    if (child.status === 'ended') {
      report(failure);
      return;
    }
    for (const other of [...this.#living!.values()]) {
      if (other.parent === child) {
        this.#stop(other);
      }
    }
    child.commit({ ...child.snapshot!, status: 'error', error: failure });
    this.#end(child);
    tellEach(child.self as InnerActor, report, 'error', failure);
    this.#cascade.send(child, child.parent!, {
      type: `${innerEvents.error}${child.id}`,
      error: failure,
      actorId: child.id,
    });
  }

  /** All of them end, and then the root: tells their logic, and keeps nothing. */
  end(): void {
    for (const child of this.#living?.values() ?? []) {
      this.#endAtOnce(child);
      const actor = child.self as InnerActor;
      actor._processingStatus = processing.stopped;
      tellEach(actor, this.#turn.report, 'complete', undefined);
    }
    this.#endAtOnce(this.#root);
    this.#living?.clear();
  }

  /** XState starts a child: in the step after the one that made it. */
  #start(child: HostedActor): object {
    const actor = child.self as InnerActor;
    if (child.status !== 'new' || child.busy || this.#turn.hasEnded) {
      return actor;
    }
    const step = child.step!;
    child.step = undefined;
    child.snapshot = actor._snapshot;
    actor._processingStatus = processing.running;
    if (actor._syncSnapshot === true) {
      this.#keepParentTold(child, actor);
    }
    if (child.snapshot.status === 'error') {
      child.busy = true;
      child.status = 'running';
      this.failed(child, child.snapshot.error);
    } else {
      this.#cascade.push(step);
    }
    return actor;
  }

  /** Each snapshot is an event of its parent. */
  #keepParentTold(child: HostedActor, actor: InnerActor): void {
    const type = `${innerEvents.snapshot}${actor.id}`;
    actor.subscribe({
      next: (snapshot: InnerSnapshot) => {
        if (snapshot.status === 'active') {
          this.#cascade.send(child, child.parent!, { type, snapshot });
        }
      },
      error: () => {},
    });
  }

  /** Lets a child finish what it was sent so far, and no more. */
  #stop(child: HostedActor): void {
    if (child.status === 'new') {
      this.#end(child);
      return;
    }
    if (child.status === 'ended') {
      return;
    }
    this.#cascade.empty(child);
    this.#cascade.deliver(undefined, child, { type: innerEvents.stop });
  }

  #end(child: HostedActor): void {
    const actor = child.self as InnerActor;
    for (const one of child.made ?? []) {
      // It never ran, so nobody has told them to stop.
      this.#end(one);
    }
    child.made = undefined;
    child.status = 'ended';
    actor._processingStatus = processing.stopped;
    this.#letGo(child);
    this.unname(actor);
    this.#living!.delete(actor);
    this.#turn.over(child.question);
    child.question = undefined;
  }

  /** The whole tree ends, whatever this one was about to do. */
  #endAtOnce(hosted: HostedActor): void {
    this.#letGo(hosted);
    if (hosted.status === 'running') {
      hosted.step = undefined;
      try {
        hosted.commit(
          hosted.logic.transition(withoutChildren(hosted.snapshot!), { type: innerEvents.stop }, hosted),
        );
      } catch (thrown) {
        this.#turn.report(thrown);
      }
    }
    hosted.status = 'ended';
  }

  #letGo(hosted: HostedActor): void {
    for (const timer of [...(hosted.timers ?? [])]) {
      timer.cancel();
    }
    this.#cascade.empty(hosted);
  }
}

/** What a child without an id is named after. */
function nameOf(src: unknown): string {
  return typeof src === 'string' && !src.startsWith(innerEvents.prefix) ? src : 'child';
}

/** A machine stops its children one by one, and copies the list of them each time; the tree has done so already. */
function withoutChildren(snapshot: InnerSnapshot): InnerSnapshot {
  return 'children' in snapshot ? ({ ...snapshot, children: {} } as InnerSnapshot) : snapshot;
}
