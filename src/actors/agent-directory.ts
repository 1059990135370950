/**
 * The agent directory: every living agent of a system, by path, topic and capability.
 */
import { type Observable, Subject } from 'rxjs';
import { matches } from '../core/topic-name.ts';
import type { AgentRef } from './agent-ref.ts';
import { guarded } from './bounded.ts';
import type { Cell, Phase } from './cell.ts';
import { refOf } from './local-ref.ts';

/** One agent, as it stands now. */
export interface AgentEntry {
  readonly path: string;
  /** Name of its definition. */
  readonly definition: string;
  readonly ref: AgentRef<never, unknown>;
  readonly phase: Phase;
  /** Names and patterns it has subscribed to. */
  readonly topics: readonly string[];
  readonly capabilities: readonly string[];
}

/** An agent began or ended. */
export interface AgentChange {
  readonly _tag: 'Added' | 'Removed';
  readonly path: string;
}

export class AgentDirectory {
  readonly #cells = new Map<string, Cell>();
  readonly #onThrow: (thrown: unknown) => void;
  readonly #changes = new Subject<AgentChange>();

  /** @param onThrow Told what somebody who follows the changes threw. */
  constructor(onThrow: (thrown: unknown) => void) {
    this.#onThrow = onThrow;
  }

  get size(): number {
    return this.#cells.size;
  }

  /** Told of every change, at once, from now on; completes when the system has stopped. */
  get changes(): Observable<AgentChange> {
    return guarded(this.#changes, this.#onThrow);
  }

  find(path: string): AgentEntry | undefined {
    const cell = this.#cells.get(path) ?? this.#groupAt(path)?.children?.get(idOf(path));
    return cell === undefined ? undefined : entryOf(cell);
  }

  list(): readonly AgentEntry[] {
    return [...this.#cells.values()].map(entryOf);
  }

  /** Those who hear a topic of this name. */
  withTopic(name: string): readonly AgentEntry[] {
    return this.list().filter((entry) => entry.topics.some((topic) => matches(topic, name)));
  }

  /** Those who offer a capability. */
  withCapability(name: string): readonly AgentEntry[] {
    return this.list().filter((entry) => entry.capabilities.includes(name));
  }

  cells(): IterableIterator<Cell> {
    return this.#cells.values();
  }

  /** Who takes what was meant for the agent at this path: where that is one of a keyed group, its group. */
  receiverAt(path: string): Cell | undefined {
    return this.#cells.get(path) ?? this.#groupAt(path);
  }

  add(cell: Cell): void {
    this.#cells.set(cell.path, cell);
    this.#tell('Added', cell);
  }

  remove(cell: Cell): void {
    if (this.#cells.get(cell.path) === cell) {
      this.#cells.delete(cell.path);
      this.#tell('Removed', cell);
    }
  }

  complete(): void {
    this.#changes.complete();
  }

  /** The keyed group of which the agent at this path would be one. */
  #groupAt(path: string): Cell | undefined {
    const parent = this.#cells.get(path.slice(0, path.lastIndexOf('/')));
    return parent?.definition.keyed === undefined ? undefined : parent;
  }

  #tell(_tag: AgentChange['_tag'], { path }: Cell): void {
    if (this.#changes.observed) {
      this.#changes.next({ _tag, path });
    }
  }
}

const idOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const entryOf = (cell: Cell): AgentEntry => ({
  path: cell.path,
  definition: cell.definition.name,
  ref: refOf(cell),
  phase: cell.phase,
  topics: cell.subscribes ? cell.definition.handlers.map((handler) => handler.topic.name) : [],
  capabilities: cell.definition.capabilities.map((capability) => capability.name),
});
