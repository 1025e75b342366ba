/**
 * OpenCode 2.x runs one server for everything and gives every instance of the plugin the events of all of them. One
 * instance at a time listens for the process; when it is cleaned up, another takes over.
 */
import type { Clock } from "./host.ts";
import type { Line } from "./line.ts";
import { at } from "./reading.ts";
import { isReadV2, keyOfV2, V2Reader } from "./v2.ts";

/** A stream that ends although its instance lives is opened again after this, and ever later while it keeps ending. */
const FIRST_REOPENING_MS = 1000;
const LONGEST_REOPENING_MS = 60_000;
/** A busy stream may hold up the end of an instance for this many turns of the event loop. */
const MOST_TURNS = 20;

/** What the relay needs of an instance's `ctx`. */
export interface Source {
  /** OpenCode's stream of events; it ends when `signal` is aborted. */
  subscribe(signal: AbortSignal): AsyncIterable<unknown>;
  /** What OpenCode knows of a conversation. */
  session(conversation: string): Promise<unknown>;
}

/** Who takes the lines. */
export interface Sink {
  forward(key: string | undefined, lines: readonly Line[]): void;
}

interface Listening {
  readonly source: Source;
  readonly abort: AbortController;
  iterator: AsyncIterator<unknown> | undefined;
}

/** The one listener of the process. Nothing here throws. */
export class Relay {
  readonly #sink: Sink;
  readonly #clock: Clock;
  readonly #reader = new V2Reader();
  readonly #sources: Source[] = [];
  #listening: Listening | undefined;
  #taken = 0;
  #pause_ms = FIRST_REOPENING_MS;

  constructor(sink: Sink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** An instance can be listened to. What is given back ends that; what it has already been sent is still read. */
  add(source: Source): () => Promise<void> {
    this.#sources.push(source);
    if (this.#listening === undefined) this.#listen(source);
    return () => this.#remove(source);
  }

  async #remove(source: Source): Promise<void> {
    const index = this.#sources.indexOf(source);
    if (index >= 0) this.#sources.splice(index, 1);
    const ending = this.#listening;
    if (ending?.source !== source) return;
    this.#listening = undefined;
    const drained = this.#drained();
    const [next] = this.#sources;
    // The next one listens before this one stops: nothing falls between, and what both hear is written once.
    if (next !== undefined) this.#listen(next, drained);
    await drained;
    stop(ending);
  }

  /** Settles when a turn of the event loop has brought no event, or soon after. */
  async #drained(): Promise<void> {
    for (let turns = 0; turns < MOST_TURNS; turns += 1) {
      const before = this.#taken;
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#taken === before) return;
    }
  }

  /** Opens a stream at once and reads it from when `ready` settles, so that events keep their order. */
  #listen(source: Source, ready: Promise<void> = Promise.resolve()): void {
    const listening: Listening = { source, abort: new AbortController(), iterator: undefined };
    this.#listening = listening;
    try {
      listening.iterator = source.subscribe(listening.abort.signal)[Symbol.asyncIterator]();
    } catch {
      // A host that refuses now may not later.
      this.#again(listening);
      return;
    }
    void this.#read(listening, listening.iterator, ready);
  }

  async #read(listening: Listening, iterator: AsyncIterator<unknown>, ready: Promise<void>): Promise<void> {
    try {
      // Asked for before anything is waited for: a stream may begin only then.
      let next = Promise.resolve(iterator.next());
      next.then(undefined, () => {});
      await ready;
      for (;;) {
        const { done, value } = await next;
        if (done === true) break;
        this.#pause_ms = FIRST_REOPENING_MS;
        this.#taken += 1;
        this.#take(value, listening.source);
        next = Promise.resolve(iterator.next());
      }
    } catch {
      // The host closed the stream with an error; it is the same to us as its end.
    }
    if (this.#listening === listening) this.#again(listening);
  }

  /** The stream ended, or never began, although nobody asked for it. */
  #again(ended: Listening): void {
    this.#clock.later(() => {
      if (this.#listening !== ended) return;
      this.#listening = undefined;
      // The oldest instance goes to the end: it may be the one that is broken.
      const [first] = this.#sources;
      if (first === ended.source) this.#sources.push(...this.#sources.splice(0, 1));
      const [next] = this.#sources;
      if (next !== undefined) this.#listen(next);
    }, this.#pause_ms);
    this.#pause_ms = Math.min(this.#pause_ms * 2, LONGEST_REOPENING_MS);
  }

  #take(event: unknown, source: Source): void {
    try {
      if (!isReadV2(at(event, "type"))) return;
      const read = this.#reader.read(event, this.#clock.now_ms());
      if (read === undefined) return;
      this.#sink.forward(keyOfV2(event), read.lines);
      if (read.ask !== undefined) void this.#ask(read.ask, source);
    } catch {
      // An event of a shape nobody foresaw (a getter that throws): it is dropped, the stream goes on.
    }
  }

  async #ask(conversation: string, source: Source): Promise<void> {
    try {
      const session = await source.session(conversation);
      this.#sink.forward(undefined, this.#reader.learned(conversation, session, this.#clock.now_ms()));
    } catch {
      // OpenCode does not know it either; the exporter finds the directory in OpenCode's database.
    }
  }
}

function stop(listening: Listening): void {
  listening.abort.abort();
  try {
    // Older 2.x hosts know no signal. A promise that never settles is nobody's; one that rejects is silenced.
    listening.iterator?.return?.()?.then(undefined, () => {});
  } catch {
    // The stream is over either way.
  }
}
