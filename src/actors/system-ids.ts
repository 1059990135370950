/**
 * System ids: the names under which the actors of one machine agent find each other,
 * which XState calls `systemId`.
 *
 * One name is one actor's. A step that fails gives back the names it took, and takes
 * back those it freed: it leaves what there was before it.
 *
 * Cost: one look into a map. The first change of a step copies the map, since the step
 * may fail.
 */
import type { HostedStep } from './hosted-actor.ts';

export class SystemIds {
  readonly #path: string;
  #ids: Map<string, object> | undefined;

  /** `path` is the agent's, for errors. */
  constructor(path: string) {
    this.#path = path;
  }

  get(systemId: string): object | undefined {
    return this.#ids?.get(systemId);
  }

  all(): Readonly<Record<string, object>> {
    return Object.fromEntries(this.#ids ?? []);
  }

  /** Names an actor, in this step. Errors: `RangeError` when another one has the name. */
  give(systemId: string, actor: object, step: HostedStep | undefined): void {
    const existing = this.#ids?.get(systemId);
    if (existing !== undefined && existing !== actor) {
      throw new RangeError(`an actor with the systemId '${systemId}' lives in '${this.#path}' already`);
    }
    this.#change(step).set(systemId, actor);
  }

  /** Frees the name, in this step, if it is this actor's. */
  free(systemId: string, actor: object, step: HostedStep | undefined): void {
    if (this.#ids?.get(systemId) === actor) {
      this.#change(step).delete(systemId);
    }
  }

  /** The step has failed: the names are as they were before it. */
  restore(step: HostedStep): void {
    this.#ids = step.idsBefore ?? this.#ids;
    step.idsBefore = undefined;
  }

  clear(): void {
    this.#ids = undefined;
  }

  #change(step: HostedStep | undefined): Map<string, object> {
    if (step !== undefined && step.idsBefore === undefined) {
      step.idsBefore = this.#ids ?? new Map();
      this.#ids = new Map(this.#ids);
    }
    this.#ids ??= new Map();
    return this.#ids;
  }
}
