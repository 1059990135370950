/**
 * Spawning: how an agent gets its place in the tree.
 */
import type { Lease } from '../core/budget.ts';
import { isTopicName } from '../core/topic-name.ts';
import type { AnyAgent } from './agent.ts';
import { Cell } from './cell.ts';
import type { SpawnOptions } from './context.ts';
import { DefinedAgent } from './define-agent.ts';
import { KeyedGroup } from './keyed-group.ts';
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
  lease: Lease | undefined,
): Cell {
  const definition = DefinedAgent.definitionOf(agent);
  const { kind, significant } = checkChild({
    ...(options.kind === undefined ? {} : { kind: options.kind }),
    ...(options.significant === undefined ? {} : { significant: options.significant }),
  });
  if (parent.ending) {
    throw new RangeError(`'${parent.path}' is ending and spawns no more: '${definition.name}'`);
  }
  const countBefore = parent.childNames?.get(definition.name) ?? 0;
  const { id, count } = idFor(parent, definition.name, options.id, countBefore);
  const facts = {
    kernel: works.kernel,
    conduct: works,
    definition,
    parent,
    path: `${parent.path}/${id}`,
    kind,
    significant,
    subscribes: options.subscribe !== false,
    input: options.input,
    lease: leaseOf(works, options, lease),
  };
  const cell = definition.keyed === undefined ? new Cell(facts) : new KeyedGroup(facts, definition.keyed);
  parent.children ??= new Map();
  parent.children.set(id, cell);
  works.kernel.witness?.spawned(cell);
  if (facts.lease !== undefined) {
    works.kernel.witness?.leased(facts.lease, `the life of ${facts.path}`);
  }
  if (count !== countBefore) {
    cell.countedFrom = countBefore;
    parent.childNames ??= new Map();
    parent.childNames.set(definition.name, count);
  }
  return cell;
}

/** Takes the place in the tree back from an agent that has never begun. */
export function giveUpPlace(cell: Cell): void {
  const { countedFrom, definition, path } = cell;
  const { childNames, children } = cell.parent!;
  children!.delete(path.slice(path.lastIndexOf('/') + 1));
  const count = childNames?.get(definition.name) ?? 0;
  if (countedFrom !== undefined && countedFrom < count) {
    childNames!.set(definition.name, countedFrom);
  }
}

/** Its id, and how many children were named after its definition with it. */
function idFor(
  parent: Cell,
  name: string,
  wanted: string | undefined,
  countBefore: number,
): { readonly id: string; readonly count: number } {
  if (wanted !== undefined) {
    if (typeof wanted !== 'string' || wanted.includes('.') || !isTopicName(wanted)) {
      throw new RangeError(`an id is one token of letters, digits, '-' and '_'; got '${String(wanted)}'`);
    }
    if (parent.children?.has(wanted) === true) {
      throw new RangeError(
        `'${parent.path}/${wanted}' is taken; stop that agent first, or choose another id`,
      );
    }
    return { id: wanted, count: countBefore };
  }
  let count = countBefore + 1;
  let id = nameOf(name, count);
  while (parent.children?.has(id) === true) {
    count += 1;
    id = nameOf(name, count);
  }
  return { id, count };
}

const nameOf = (name: string, count: number): string => (count === 1 ? name : `${name}-${count}`);

function leaseOf(works: Works, options: SpawnOptions, lease: Lease | undefined): Lease | undefined {
  if (options.budget === undefined) {
    return undefined;
  }
  const own = lease === undefined ? works.rootLease(options.budget) : lease.child(options.budget);
  own.startTime(works.kernel.environment);
  return own;
}
