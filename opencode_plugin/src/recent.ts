/** Memory with an end: the oldest entry goes when one more comes. */

/** A map of at most `limit` entries. */
export class RecentMap<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  /** Keeps `value`, as the youngest entry. */
  set(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  /** Forgets `key` and gives what was kept for it. */
  take(key: string): Value | undefined {
    const value = this.#entries.get(key);
    this.#entries.delete(key);
    return value;
  }
}

/** Remembers the last `limit` keys. */
export class RecentKeys {
  readonly #keys: RecentMap<true>;

  constructor(limit: number) {
    this.#keys = new RecentMap(limit);
  }

  /** True the first time a key comes, false while it is remembered. */
  first(key: string): boolean {
    if (this.#keys.get(key)) return false;
    this.#keys.set(key, true);
    return true;
  }
}
