/**
 * A world in which a spec says what becomes of each message: one word for each that
 * is on its way, in their order; what comes after the last one arrives.
 */
import { latenessMs } from '../../src/testing/fate.ts';
import type { World, WorldOptions } from '../../src/testing/world.ts';
import { aWorld } from './a-world.ts';

/** `delay 10`: it is late by 10 ms; `duplicate 10`: a copy comes 10 ms later. */
export type Becomes = 'arrives' | 'drop' | `duplicate ${number}` | `delay ${number}`;

const all = ['drop', 'duplicate', 'delay'] as const;

export function aFaultyWorld(
  becomes: readonly Becomes[],
  options: Partial<WorldOptions> = {},
): { readonly world: World; readonly lines: () => readonly string[] } {
  const left = [...becomes];
  let lateMs = 0;
  const faults = options.faults ?? all;
  const world = aWorld({
    faults,
    faultsMax: 100,
    traced: true,
    ...options,
    choose: (count, what) => {
      if (what === 'how late') {
        return latenessMs.indexOf(lateMs);
      }
      if (what !== 'fault: what becomes of a message') {
        return options.choose?.(count, what) ?? 0;
      }
      const [fault, late] = (left.shift() ?? 'arrives').split(' ');
      lateMs = Number(late ?? 0);
      if (fault === 'arrives') {
        return 0;
      }
      // An end cannot be doubled: then there are fewer answers.
      const possible = all.filter((one) => faults.includes(one) && (count > 3 || one !== 'duplicate'));
      return possible.indexOf(fault as (typeof all)[number]) + 1;
    },
  });
  return {
    world,
    lines: () =>
      world.faults.map(({ _tag, ...rest }) => `${_tag} ${'message' in rest ? rest.message.kind : ''}`.trim()),
  };
}
