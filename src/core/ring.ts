/**
 * A ring: a queue open at both ends, in one array that grows by doubling.
 *
 * It has no limit of its own: whoever owns a ring owns its bound. A ring that
 * was never used holds no array, so a million quiet mailboxes cost little.
 *
 * Cost: every operation is O(1), but `remove` and `removeAt` are O(n).
 */
const smallest = 8;

export class Ring<T> {
  #slots: (T | undefined)[] | undefined;
  #mask = 0;
  /** Position of the first element; positions are whole numbers and only their low bits name a slot. */
  #head = 0;
  #tail = 0;

  get size(): number {
    return this.#tail - this.#head;
  }

  /** Position of the first element: `at` and `replace` speak of positions. */
  get first(): number {
    return this.#head;
  }

  /** Adds at the back and returns the position it stands at, for as long as it waits. */
  push(element: T): number {
    if (this.#slots === undefined || this.size > this.#mask) {
      this.#widen();
    }
    const position = this.#tail++;
    this.#slots![position & this.#mask] = element;
    return position;
  }

  /** Adds at the front and returns its position. */
  unshift(element: T): number {
    if (this.#slots === undefined || this.size > this.#mask) {
      this.#widen();
    }
    this.#head -= 1;
    this.#slots![this.#head & this.#mask] = element;
    return this.#head;
  }

  /** Removes and returns the first, or `undefined` when there is none. */
  shift(): T | undefined {
    if (this.#head === this.#tail) {
      return undefined;
    }
    const slots = this.#slots!;
    const slot = this.#head & this.#mask;
    const element = slots[slot];
    slots[slot] = undefined;
    this.#head += 1;
    return element;
  }

  /** The element at a position between `first` and `first + size`. */
  at(position: number): T {
    return this.#slots![position & this.#mask]!;
  }

  /** Puts an element in another's place and returns the other. */
  replace(position: number, element: T): T {
    const slot = position & this.#mask;
    const before = this.#slots![slot]!;
    this.#slots![slot] = element;
    return before;
  }

  /** Takes out the element at a position; those before it move back by one. */
  removeAt(position: number): T {
    const removed = this.at(position);
    for (let later = position; later > this.#head; later -= 1) {
      this.replace(later, this.at(later - 1));
    }
    this.shift();
    return removed;
  }

  /** Takes out the first that is `element` itself, and says whether there was one. */
  remove(element: T): boolean {
    for (let position = this.#head; position < this.#tail; position += 1) {
      if (this.at(position) === element) {
        this.removeAt(position);
        return true;
      }
    }
    return false;
  }

  /** Forgets everything, the array included. */
  clear(): void {
    this.#slots = undefined;
    this.#mask = 0;
    this.#head = 0;
    this.#tail = 0;
  }

  #widen(): void {
    const before = this.#slots;
    const wider = new Array<T | undefined>(before === undefined ? smallest : before.length * 2).fill(
      undefined,
    );
    for (let position = this.#head; position < this.#tail; position += 1) {
      // Positions stay what they were, so that those who remember one still find their element.
      wider[position & (wider.length - 1)] = this.at(position);
    }
    this.#slots = wider;
    this.#mask = wider.length - 1;
  }
}
