/**
 * Cassette storage: where the text of a cassette is kept.
 *
 * A port of two calls, so that a cassette may be a file (`cassetteFile` of
 * `troupe/node`), a row, or a variable. Writing is a change of what is there: who
 * writes at the same time, in this process or another, then loses nothing.
 */
export interface CassetteStorage {
  /** What it is called in messages: the path of a file. */
  readonly name: string;
  /** The text, or `undefined` when there is none yet. */
  read(): Promise<string | undefined>;
  /**
   * Puts in place of the text what `change` makes of it. Nobody else's change comes
   * between, and a process that dies leaves the text before or the text after.
   * What `change` throws is thrown, and nothing has changed.
   */
  update(change: (text: string | undefined) => string): Promise<void>;
}

/**
 * A storage that is a variable.
 *
 * @example
 * const storage = memoryStorage()
 * await storage.update((text) => `${text ?? ''}more`)
 * storage.text // => 'more'
 */
export function memoryStorage(initial?: string): CassetteStorage & { readonly text: string | undefined } {
  let text = initial;
  return {
    name: 'a cassette in memory',
    get text() {
      return text;
    },
    read: async () => text,
    update: async (change) => {
      text = change(text);
    },
  };
}
