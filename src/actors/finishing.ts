/**
 * Finishing: an agent ends itself, because it has done what it was there for.
 *
 * It ends with the handling that said so, when that is over: what this one still has
 * to say, its reply included, comes before.
 */
import { type Cell, finishNow, type OpenHandling } from './cell.ts';
import { StagedAct } from './stage.ts';

/** The handling says that its agent has finished. */
export class Finishing extends StagedAct {
  readonly #handling: OpenHandling;

  constructor(handling: OpenHandling) {
    super();
    this.#handling = handling;
  }

  act(): void {
    const handling = this.#handling;
    const { cell } = handling;
    if (handling.over) {
      // It was interrupted while this waited behind what it sent: the step that asked for it had committed.
      cell.signal(finishNow);
    } else if (cell.finishesWith === undefined) {
      cell.finishesWith = handling;
    } else if (cell.finishesWith !== handling) {
      // Whichever of them is over first.
      finishAlso(handling);
    }
  }

  undo(): void {}
}

/** A handling is over: with it, its agent ends. */
export function finish(cell: Cell): void {
  cell.finishesWith = undefined;
  cell.signal(finishNow);
}

function finishAlso(handling: OpenHandling): void {
  const before = handling.whenOver;
  handling.whenOver = () => {
    before?.();
    handling.cell.signal(finishNow);
  };
}
