/**
 * The agent directory: every living agent of a system, by path, topic and capability.
 *
 * It holds no list of its own: the tree of agents is walked when somebody asks, each
 * agent before those below it, siblings in the order in which they were spawned. So
 * an agent that nobody looks for costs nothing here.
 *
 * Cost: `find` goes down one level for each token of the path, and makes a map of the
 * children it meets there for the first time; everything else walks the whole tree.
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
  /** The cell of the system, above all agents; not one of them. */
  #root: Cell | undefined;
  #size = 0;
  readonly #onThrow: (thrown: unknown) => void;
  readonly #changes = new Subject<AgentChange>();

  /** @param onThrow Told what somebody who follows the changes threw. */
  constructor(onThrow: (thrown: unknown) => void) {
    this.#onThrow = onThrow;
  }

  get size(): number {
    return this.#size;
  }

  /** Where the tree begins: said once, before there are agents. */
  growsFrom(root: Cell): void {
    this.#root = root;
  }

  /** Told of every change, at once, from now on; completes when the system has stopped. */
  get changes(): Observable<AgentChange> {
    return guarded(this.#changes, this.#onThrow);
  }

  find(path: string): AgentEntry | undefined {
    const cell = this.#at(path);
    return cell === undefined ? undefined : entryOf(cell);
  }

  list(): readonly AgentEntry[] {
    return this.cells().map(entryOf);
  }

  /** Those who hear a topic of this name. */
  withTopic(name: string): readonly AgentEntry[] {
    return this.list().filter((entry) => entry.topics.some((topic) => matches(topic, name)));
  }

  /** Those who offer a capability. */
  withCapability(name: string): readonly AgentEntry[] {
    return this.list().filter((entry) => entry.capabilities.includes(name));
  }

  /** All of them. Those of the keys of a group are the group's business, but not those below them. */
  cells(): readonly Cell[] {
    const found: Cell[] = [];
    const toVisit = [this.#root!];
    for (let cell = toVisit.pop(); cell !== undefined; cell = toVisit.pop()) {
      if (cell.listed) {
        found.push(cell);
      }
      // Not spread: there may be more of them than a call takes arguments.
      for (let child = cell.children?.youngest; child !== undefined; child = child.elder) {
        toVisit.push(child);
      }
    }
    return found;
  }

  /** Who takes what was meant for the agent at this path: where that is one of a keyed group, its group. */
  receiverAt(path: string): Cell | undefined {
    const cell = this.#at(path);
    return cell?.listed === true ? cell : this.#groupAt(path);
  }

  add(cell: Cell): void {
    cell.listed = true;
    this.#size += 1;
    this.#tell('Added', cell);
  }

  remove(cell: Cell): void {
    if (cell.listed) {
      cell.listed = false;
      this.#size -= 1;
      this.#tell('Removed', cell);
    }
  }

  complete(): void {
    this.#changes.complete();
  }

  /** The keyed group of which the agent at this path would be one. */
  #groupAt(path: string): Cell | undefined {
    const parent = this.#at(path.slice(0, path.lastIndexOf('/')));
    return parent?.definition.keyed === undefined ? undefined : parent;
  }

  /** The agent at this path, whether it is one of the list or of a keyed group. */
  #at(path: string): Cell | undefined {
    const [beforeFirst, ...ids] = path.split('/');
    let cell = beforeFirst === '' && ids.length > 0 ? this.#root : undefined;
    for (const id of ids) {
      cell = cell?.children?.get(id);
    }
    return cell?.listed === true || cell?.isOneOfMany === true ? cell : undefined;
  }

  #tell(_tag: AgentChange['_tag'], cell: Cell): void {
    if (this.#changes.observed) {
      this.#changes.next({ _tag, path: cell.path });
    }
  }
}

const entryOf = (cell: Cell): AgentEntry => ({
  path: cell.path,
  definition: cell.definition.name,
  ref: refOf(cell),
  phase: cell.phase,
  topics: cell.subscribes ? cell.definition.handlers.map((handler) => handler.topic.name) : [],
  capabilities: cell.definition.capabilities.map((capability) => capability.name),
});
