/** What a function throws; fails when it throws nothing. */
export function thrownBy(f: () => unknown): unknown {
  try {
    f();
  } catch (thrown) {
    return thrown;
  }
  throw new Error('nothing was thrown');
}
