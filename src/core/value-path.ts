/** Where something is in an object: a name, an index, or nowhere yet. */
export type Place = string | number | undefined;

const plainName = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/**
 * A path as people write it.
 *
 * @example
 * pathOf('payload', ['items', 2, 'unit price', undefined]) // => 'payload.items[2]["unit price"]'
 */
export function pathOf(root: string, places: readonly Place[]): string {
  return places.reduce<string>((path, place) => {
    if (place === undefined) {
      return path;
    }
    if (typeof place === 'number') {
      return `${path}[${place}]`;
    }
    if (!plainName.test(place)) {
      return `${path}[${JSON.stringify(place)}]`;
    }
    return path === '' ? place : `${path}.${place}`;
  }, root);
}
