/**
 * Spawning: how an agent gets its place in the tree.
 */
import type { Lease, Limits } from '../core/budget.ts';
import { isTopicName } from '../core/topic-name.ts';
import type { AnyAgent } from './agent.ts';
import { Cell } from './cell.ts';
import { Children } from './children.ts';
import type { SpawnOptions } from './context.ts';
import { DefinedAgent } from './define-agent.ts';
import { KeyedGroup } from './keyed-group.ts';
import { StagedAct } from './stage.ts';
import { checkChild } from './supervision.ts';
import type { Works } from './works.ts';

/**
 * Makes an agent, in its place under its parent, that has not begun yet: messages
 * to it wait, and nobody finds it.
 *
 * Errors: `RangeError` when the id is no name or is taken, or when the parent is
 * ending; `BudgetExceeded` when its budget cannot be spared.
 */
export function startChild(
  works: Works,
  parent: Cell,
  agent: AnyAgent,
  options: SpawnOptions,
  parentLease: Lease | undefined,
): Cell {
  const definition = DefinedAgent.definitionOf(agent);
  const { id } = options;
  const { kind, significant } = checkChild(options);
  if (parent.ending) {
    throw new RangeError(`'${parent.path}' is ending and spawns no more: '${definition.name}'`);
  }
  if (id !== undefined) {
    checkId(parent, id);
  }
  const lease = options.budget === undefined ? undefined : leaseOf(works, options.budget, parentLease);
  parent.children ??= new Children();
  const { children } = parent;
  const countedFrom = children.countOf(definition.name);
  const cell = makeCell({
    kernel: works.kernel,
    conduct: works,
    definition,
    parent,
    id,
    count: id === undefined ? children.count(definition.name) : 0,
    kind,
    significant,
    subscribes: options.subscribe !== false,
    input: options.input,
    lease,
  });
  children.add(cell, countedFrom);
  const { witness } = works.kernel;
  if (witness !== undefined) {
    witness.spawned(cell);
    if (lease !== undefined) {
      witness.leased(lease, `the life of ${cell.path}`);
    }
  }
  return cell;
}

/** The step that spawned an agent has committed: it begins. */
export class Spawning extends StagedAct {
  readonly #works: Works;
  readonly #child: Cell;

  constructor(works: Works, child: Cell) {
    super();
    this.#works = works;
    this.#child = child;
  }

  act(): void {
    this.#works.begin(this.#child);
  }

  undo(): void {
    this.#works.discard(this.#child);
  }
}

/** Takes the place in the tree back from an agent that has never begun. */
export function giveUpPlace(cell: Cell): void {
  cell.parent!.children!.takeBack(cell);
}

function makeCell(facts: ConstructorParameters<typeof Cell>[0]): Cell {
  const { keyed } = facts.definition;
  return keyed === undefined ? new Cell(facts) : new KeyedGroup(facts, keyed);
}

function checkId(parent: Cell, id: string): void {
  if (typeof id !== 'string' || id.includes('.') || !isTopicName(id)) {
    throw new RangeError(`an id is one token of letters, digits, '-' and '_'; got '${String(id)}'`);
  }
  if (parent.children?.get(id) !== undefined) {
    throw new RangeError(`'${parent.path}/${id}' is taken; stop that agent first, or choose another id`);
  }
}

function leaseOf(works: Works, budget: Limits, parentLease: Lease | undefined): Lease {
  const own = parentLease === undefined ? works.rootLease(budget) : parentLease.child(budget);
  own.startTime(works.kernel.environment);
  return own;
}
