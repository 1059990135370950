/**
 * A file on a simulated disk: what is in the cache, what is on the platter, and
 * what has been written in between.
 *
 * The cache is what readers see. Pages get to the platter one by one, in any order
 * and at any time; only `sync` says which are there. So for each page that was
 * written since, a loss of power leaves any of its versions.
 *
 * Guarantees: what `sync` has covered is on the platter, byte for byte. After a crash
 * each page is one that was written, or the one from before, or, torn, a part of two
 * that follow each other; what was never written reads as zeros.
 *
 * Source: Pillai and others, "All File Systems Are Not Created Equal" (ALICE), OSDI
 * 2014; Rebello and others, "Can Applications Recover from fsync Failures?", USENIX
 * ATC 2020, for what a failed sync does.
 */
import type { DiskChance } from './disk-chance.ts';

/** A value and when it came to be, on the disk's own count. */
interface Version<T> {
  readonly at: number;
  readonly value: T;
}

/**
 * Most versions of a page that are told apart; of more, the oldest are forgotten, but
 * not those that a sync which is under way is to cover.
 */
const versionsMax = 8;

/** A sync that was called and is not done: what was written up to then is to be safe. */
interface PendingSync {
  readonly upTo: number;
}

/** What a failed sync does to what it was to write: keeps it to try again, forgets it but shows it, or takes it back. */
export type FailedSync = 'kept' | 'forgotten' | 'reverted';

export class DiskFile {
  readonly pageBytes: number;
  readonly sectorBytes: number;
  readonly #empty: Uint8Array;
  #cache: Uint8Array[] = [];
  #size = 0;
  #platter: Uint8Array[] = [];
  #platterSize = 0;
  readonly #versions = new Map<number, Version<Uint8Array>[]>();
  #sizes: Version<number>[] = [];
  readonly #syncing = new Set<PendingSync>();

  constructor(pageBytes: number, sectorBytes: number) {
    this.pageBytes = pageBytes;
    this.sectorBytes = sectorBytes;
    this.#empty = new Uint8Array(pageBytes);
  }

  get size(): number {
    return this.#size;
  }

  /** How many pages it takes up. */
  get pages(): number {
    return Math.ceil(this.#size / this.pageBytes);
  }

  read(position: number, length: number): Uint8Array {
    const end = Math.min(this.#size, position + length);
    const bytes = new Uint8Array(Math.max(0, end - position));
    for (const { page, from, to } of this.#pieces(position, bytes.length)) {
      bytes.set(this.#cached(page).subarray(from, to), page * this.pageBytes + from - position);
    }
    return bytes;
  }

  write(at: number, position: number, bytes: Uint8Array): void {
    for (const { page, from, to } of this.#pieces(position, bytes.length)) {
      const value = this.#cached(page).slice();
      const start = page * this.pageBytes + from - position;
      value.set(bytes.subarray(start, start + to - from), from);
      this.#put(at, page, value);
    }
    if (bytes.length > 0 && position + bytes.length > this.#size) {
      this.#resize(at, position + bytes.length);
    }
  }

  truncate(at: number, size: number): void {
    for (let page = Math.floor(size / this.pageBytes); page < this.pages; page += 1) {
      const value = this.#cached(page).slice();
      value.fill(0, Math.max(0, size - page * this.pageBytes));
      this.#put(at, page, value);
    }
    if (size !== this.#size) {
      this.#resize(at, size);
    }
  }

  /**
   * A sync of what was written up to then was called. Until it is over, what it is to
   * cover is kept, however much is written meanwhile.
   *
   * @returns to be called when it is over.
   */
  syncBegins(upTo: number): () => void {
    const pending = { upTo };
    this.#syncing.add(pending);
    return () => void this.#syncing.delete(pending);
  }

  /** What was written up to then is on the platter. */
  sync(upTo: number): void {
    for (const page of [...this.#versions.keys()]) {
      const version = this.#take(page, upTo);
      if (version !== undefined) {
        this.#platter[page] = version;
      }
    }
    this.#platterSize = this.#sizes.findLast(({ at }) => at <= upTo)?.value ?? this.#platterSize;
    this.#sizes = this.#sizes.filter(({ at }) => at > upTo);
  }

  /** A sync has failed: nothing of what it was to write is on the platter by it. */
  failSync(upTo: number, how: FailedSync): void {
    if (how === 'kept') {
      return;
    }
    for (const page of [...this.#versions.keys()]) {
      const forgotten = this.#take(page, upTo);
      if (how === 'reverted' && forgotten !== undefined && !this.#versions.has(page)) {
        this.#cache[page] = this.#onPlatter(page);
      }
    }
    if (how === 'reverted') {
      this.#sizes = this.#sizes.filter(({ at }) => at > upTo);
      this.#size = this.#sizes.at(-1)?.value ?? this.#platterSize;
    }
  }

  /**
   * The power is gone: what is left is on the platter.
   *
   * @param survives Which of so many versions of a part survives: 0 the newest.
   */
  crash(survives: (versions: number, part: string) => number, chance: DiskChance): readonly string[] {
    const story: string[] = [];
    for (const [page, versions] of this.#versions) {
      const values = [this.#onPlatter(page), ...versions.map(({ value }) => value)];
      const lost = survives(values.length, `page ${page}`);
      const newest = values.length - 1 - lost;
      this.#platter[page] = values[newest]!;
      if (lost > 0) {
        story.push(`page ${page} as it was ${lost} ${lost === 1 ? 'write' : 'writes'} before`);
      }
      if (newest > 0 && chance.may('tear')) {
        const torn = this.#tear(values[newest]!, values[newest - 1]!, chance);
        this.#platter[page] = torn ?? values[newest]!;
        story.push(...(torn === undefined ? [] : [`page ${page} torn`]));
      }
    }
    if (this.#sizes.length > 0) {
      const sizes = [this.#platterSize, ...this.#sizes.map(({ value }) => value)];
      const lost = survives(sizes.length, 'size');
      this.#platterSize = sizes[sizes.length - 1 - lost]!;
      story.push(...(lost === 0 ? [] : [`${this.#platterSize} bytes long`]));
    }
    this.#comeBack();
    return story;
  }

  /** Turns one bit on the platter. It is asked only when nothing is in the cache alone. */
  flip(byte: number, bit: number): void {
    const page = Math.floor(byte / this.pageBytes);
    const value = this.#onPlatter(page).slice();
    value[byte % this.pageBytes]! ^= 1 << bit;
    this.#platter[page] = value;
    this.#comeBack();
  }

  /** From now on the cache is what is on the platter; what is behind the end is not there. */
  #comeBack(): void {
    const pages = Math.ceil(this.#platterSize / this.pageBytes);
    const rest = this.#platterSize % this.pageBytes;
    this.#platter = Array.from({ length: pages }, (_, page) => this.#onPlatter(page));
    if (rest > 0) {
      this.#platter[pages - 1] = this.#platter[pages - 1]!.slice().fill(0, rest);
    }
    this.#cache = [...this.#platter];
    this.#size = this.#platterSize;
    this.#versions.clear();
    this.#sizes = [];
  }

  /** A page of which some sectors are newer than the others, if it was caught so. */
  #tear(newer: Uint8Array, older: Uint8Array, chance: DiskChance): Uint8Array | undefined {
    const cuts = this.pageBytes / this.sectorBytes - 1;
    const cut = chance.which(2 * cuts + 1, 'where a page tears');
    if (cut === 0) {
      return undefined;
    }
    chance.charge();
    const at = ((cut - 1) % cuts) * this.sectorBytes + this.sectorBytes;
    const [front, back] = cut <= cuts ? [newer, older] : [older, newer];
    const torn = back.slice();
    torn.set(front.subarray(0, at));
    return torn;
  }

  #put(at: number, page: number, value: Uint8Array): void {
    this.#cache[page] = value;
    const versions = this.#versions.get(page) ?? [];
    versions.push({ at, value });
    this.#versions.set(page, versions);
    if (versions.length > versionsMax) {
      this.#forgetOne(versions);
    }
  }

  /** The oldest version is forgotten that is neither the newest nor what a sync is to cover. */
  #forgetOne(versions: Version<Uint8Array>[]): void {
    const coveredAt = new Set<number>();
    for (const { upTo } of this.#syncing) {
      coveredAt.add(versions.findLastIndex(({ at }) => at <= upTo));
    }
    const oldest = versions.findIndex((_, n) => !coveredAt.has(n));
    if (oldest < versions.length - 1) {
      versions.splice(oldest, 1);
    }
  }

  #resize(at: number, size: number): void {
    this.#size = size;
    this.#sizes.push({ at, value: size });
  }

  /** Takes the versions of a page up to then away, and gives back the last of them. */
  #take(page: number, upTo: number): Uint8Array | undefined {
    const versions = this.#versions.get(page)!;
    const later = versions.filter(({ at }) => at > upTo);
    if (later.length === 0) {
      this.#versions.delete(page);
    } else {
      this.#versions.set(page, later);
    }
    return versions[versions.length - later.length - 1]?.value;
  }

  #cached(page: number): Uint8Array {
    return this.#cache[page] ?? this.#empty;
  }

  #onPlatter(page: number): Uint8Array {
    return this.#platter[page] ?? this.#empty;
  }

  /** The parts of pages that a stretch of bytes is made of. */
  *#pieces(position: number, length: number): Iterable<{ page: number; from: number; to: number }> {
    const end = position + length;
    for (let start = position; start < end; ) {
      const page = Math.floor(start / this.pageBytes);
      const from = start - page * this.pageBytes;
      const to = Math.min(this.pageBytes, end - page * this.pageBytes);
      yield { page, from, to };
      start = page * this.pageBytes + to;
    }
  }
}
