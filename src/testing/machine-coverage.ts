/**
 * What was seen of a machine: the states it was in and the transitions it took,
 * beside those that its definition declares.
 */
import type { AnyStateMachine, AnyStateNode, StateValue } from 'xstate';
import type { MachineCoverage } from './coverage.ts';

export class SeenMachine {
  readonly #definition: string;
  readonly #machine: AnyStateMachine;
  readonly #states = new Set<string>();
  readonly #transitions = new Set<string>();

  constructor(definition: string, machine: AnyStateMachine) {
    this.#definition = definition;
    this.#machine = machine;
  }

  /** It is in these states now. */
  isIn(value: StateValue): void {
    for (const path of pathsOf(value)) {
      this.#states.add(path);
    }
  }

  /** It has taken a transition that is declared in this state. */
  took(source: AnyStateNode, eventType: string): void {
    this.#transitions.add(transitionName(source, eventType));
  }

  coverage(): MachineCoverage {
    const declared = { states: [] as string[], transitions: [] as string[] };
    collect(this.#machine.root, declared);
    return {
      definition: this.#definition,
      machine: this.#machine.id,
      states: [...this.#states].sort(),
      neverReached: declared.states.filter((path) => !this.#states.has(path)),
      transitions: [...this.#transitions].sort(),
      neverTaken: declared.transitions.filter((name) => !this.#transitions.has(name)),
    };
  }
}

/** All states below a node in the order in which they are declared, and all transitions. */
function collect(
  node: AnyStateNode,
  into: { readonly states: string[]; readonly transitions: string[] },
): void {
  if (node.path.length > 0 && node.type !== 'history') {
    into.states.push(node.path.join('.'));
  }
  for (const eventType of node.transitions.keys()) {
    into.transitions.push(transitionName(node, eventType));
  }
  if (node.always !== undefined && node.always.length > 0) {
    into.transitions.push(transitionName(node, ''));
  }
  for (const child of Object.values(node.states)) {
    collect(child, into);
  }
}

const transitionName = ({ path }: AnyStateNode, eventType: string): string =>
  `${path.length === 0 ? 'any state' : path.join('.')} on ${eventType === '' ? 'always' : eventType}`;

/** Every state in a value, those above included: `{ a: 'b' }` is `a` and `a.b`. */
function pathsOf(value: StateValue, above = ''): readonly string[] {
  if (typeof value === 'string') {
    return [above + value];
  }
  return Object.entries(value).flatMap(([key, inner]) => [
    above + key,
    ...pathsOf(inner!, `${above}${key}.`),
  ]);
}
