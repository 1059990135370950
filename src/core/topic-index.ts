/**
 * A topic index: who subscribed to what, so that the subscribers of a name are found at once.
 *
 * Patterns are kept as a tree with a node for each token, where `*` and `>` are
 * tokens like any other. A name is matched by walking down: at each node to its
 * own token, to `*`, and to `>`. The patterns that are subscribed to are also kept by
 * their text: the next one who subscribes to one of them, or leaves, goes no way down.
 *
 * Guarantees
 *   - Agreement: finds exactly the subscriptions whose pattern covers the name.
 *   - Order: in the order of subscription, whatever the patterns.
 *   - Nothing is left of a subscription that was removed.
 *
 * Cost: a match visits no node twice, and only nodes whose tokens cover the
 * beginning of the name. A name of n tokens meets at most 2 ** n such nodes, and
 * never more than there are in the index: who wants to make a match slow must
 * subscribe to as many different patterns. Patterns that differ in their first
 * tokens from the name cost nothing, however many there are.
 */
import { checkTopicPattern } from './topic-name.ts';

/** A node stands for all patterns that begin with the tokens on the way to it. Its maps are made when needed. */
class Node<S> {
  next: Map<string, Node<S>> | undefined = undefined;
  /** Who subscribed to the pattern that ends here, and as the how-manieth of all. */
  subscribers: Map<S, number> | undefined = undefined;
}

/**
 * Keeps subscriptions: pairs of a pattern and a subscriber.
 *
 * @example
 * const index = new TopicIndex()
 * index.add('orders.>', 'audit')
 * index.add('orders.*', 'billing')
 * index.match('orders.placed') // => ['audit', 'billing']
 * index.match('orders.placed.twice') // => ['audit']
 */
export class TopicIndex<S> {
  readonly #root = new Node<S>();
  /** The subscribers of each pattern that has some: the very maps that stand in the tree. */
  readonly #byPattern = new Map<string, Map<S, number>>();
  #added = 0;
  #size = 0;
  #version = 0;

  /** How many subscriptions there are. */
  get size(): number {
    return this.#size;
  }

  /** Changes with each change of the subscriptions: while it stays, so does every match. */
  get version(): number {
    return this.#version;
  }

  /** How many nodes the tree has. Cost: counts them, one by one. */
  get nodes(): number {
    return count(this.#root);
  }

  /**
   * Adds a subscription. Does nothing when there is the same one already.
   *
   * Errors: `InvalidTopicName` when the pattern is none.
   */
  add(pattern: string, subscriber: S): void {
    const subscribers = this.#byPattern.get(pattern) ?? this.#grow(pattern);
    if (!subscribers.has(subscriber)) {
      this.#added += 1;
      this.#size += 1;
      this.#version += 1;
      subscribers.set(subscriber, this.#added);
    }
  }

  /** Removes a subscription. Does nothing when there is no such one. */
  remove(pattern: string, subscriber: S): void {
    const subscribers = this.#byPattern.get(pattern);
    if (subscribers?.delete(subscriber) !== true) {
      return;
    }
    this.#size -= 1;
    this.#version += 1;
    if (subscribers.size === 0) {
      this.#byPattern.delete(pattern);
      prune(this.#root, pattern.split('.'), 0);
    }
  }

  /**
   * Lists the subscribers of a name, in the order of their subscriptions.
   *
   * Who subscribed by several patterns that cover the name is listed once for each.
   *
   * @param name A good name; `isTopicName` tells.
   */
  match(name: string): S[] {
    const found: Map<S, number>[] = [];
    gather(this.#root, name.split('.'), 0, found);
    if (found.length <= 1) {
      return [...(found[0]?.keys() ?? [])];
    }
    return found
      .flatMap((subscribers) => [...subscribers])
      .sort(([, a], [, b]) => a - b)
      .map(([subscriber]) => subscriber);
  }

  /** Makes the nodes of a pattern that nobody has subscribed to. */
  #grow(pattern: string): Map<S, number> {
    checkTopicPattern(pattern);
    let node = this.#root;
    for (const token of pattern.split('.')) {
      node.next ??= new Map();
      let next = node.next.get(token);
      if (next === undefined) {
        next = new Node();
        node.next.set(token, next);
      }
      node = next;
    }
    node.subscribers = new Map();
    this.#byPattern.set(pattern, node.subscribers);
    return node.subscribers;
  }
}

/** The last subscriber of the pattern with these tokens has left: what is empty now is taken out. */
function prune<S>(node: Node<S>, tokens: readonly string[], depth: number): void {
  const token = tokens[depth];
  if (token === undefined) {
    node.subscribers = undefined;
    return;
  }
  const next = node.next!.get(token)!;
  prune(next, tokens, depth + 1);
  if (next.next === undefined && next.subscribers === undefined) {
    node.next!.delete(token);
    if (node.next!.size === 0) {
      node.next = undefined;
    }
  }
}

/** Finds the nodes whose patterns cover these tokens, and gathers their subscribers. */
function gather<S>(node: Node<S>, tokens: readonly string[], depth: number, found: Map<S, number>[]): void {
  const token = tokens[depth];
  if (token === undefined) {
    if (node.subscribers !== undefined) {
      found.push(node.subscribers);
    }
    return;
  }
  if (node.next === undefined) {
    return;
  }
  const own = node.next.get(token);
  if (own !== undefined) {
    gather(own, tokens, depth + 1, found);
  }
  const any = node.next.get('*');
  if (any !== undefined) {
    gather(any, tokens, depth + 1, found);
  }
  const rest = node.next.get('>');
  if (rest !== undefined) {
    gather(rest, [], 0, found); // Nothing follows `>`: whoever is there hears all that begins so.
  }
}

function count(node: Node<unknown>): number {
  let nodes = 0;
  for (const next of node.next?.values() ?? []) {
    nodes += 1 + count(next);
  }
  return nodes;
}
