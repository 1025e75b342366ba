/** One line of the spool. docs/spool.md is the contract; the names here are the line's keys. */

/** Five disjoint kinds of tokens; their sum is what a request cost. Whole numbers from 0 to 2^53−1. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
  readonly reasoning: number;
  readonly cache_read: number;
  readonly cache_write: number;
}

/** Names one process of one boot for ever; what the system does not tell is left out. */
export interface ProcessKey {
  readonly pid: number;
  readonly boot_id?: string | undefined;
  readonly pid_ns?: string | undefined;
  readonly start_ticks?: number | undefined;
}

type Text = string | undefined;
type Whole = number | undefined;

/** What one assistant message is known to be, so far. */
export interface MessageSnapshot {
  readonly type: "message.snapshot";
  readonly at_ms: number;
  readonly event?: Text;
  readonly conversation: string;
  readonly message: string;
  readonly parent?: Text;
  readonly agent?: Text;
  readonly provider?: Text;
  readonly model?: Text;
  readonly variant?: Text;
  readonly directory?: Text;
  readonly root?: Text;
  readonly tokens?: Tokens | undefined;
  readonly cost_usd?: number | undefined;
  readonly created_ms?: Whole;
  readonly completed_ms?: Whole;
  readonly finish?: Text;
  readonly error?: Text;
  readonly summary?: true | undefined;
}

/** A conversation exists, or stopped existing. */
export interface ConversationSeen {
  readonly type: "conversation.seen";
  readonly at_ms: number;
  readonly conversation: string;
  readonly change: "created" | "updated" | "deleted";
  readonly parent?: Text;
  readonly fork_of?: Text;
  readonly directory?: Text;
  readonly project?: Text;
  readonly agent?: Text;
  readonly created_ms?: Whole;
  readonly host_version?: Text;
}

/** Every other kind of line, told apart by `type`. */
export type Line =
  | MessageSnapshot
  | ConversationSeen
  | {
      readonly type: "run.started";
      readonly at_ms: number;
      readonly run: ProcessKey;
      readonly api: 1 | 2;
      readonly plugin_version: string;
      readonly host_version?: Text;
    }
  | { readonly type: "run.ended"; readonly at_ms: number }
  | {
      readonly type: "workspace.opened";
      readonly at_ms: number;
      readonly directory: string;
      readonly worktree?: Text;
      readonly project?: Text;
    }
  | { readonly type: "workspace.closed"; readonly at_ms: number; readonly directory: string }
  | {
      readonly type: "prompt.submitted";
      readonly at_ms: number;
      readonly conversation: string;
      readonly message: string;
      readonly agent?: Text;
      readonly provider?: Text;
      readonly model?: Text;
      readonly directory?: Text;
    }
  | {
      readonly type: "conversation.usage";
      readonly at_ms: number;
      readonly conversation: string;
      readonly tokens: Tokens;
      readonly cost_usd?: number | undefined;
    }
  | {
      readonly type: "conversation.status";
      readonly at_ms: number;
      readonly conversation: string;
      readonly status: "busy" | "retry" | "idle";
      readonly directory?: Text;
    }
  | {
      readonly type: "conversation.idle";
      readonly at_ms: number;
      readonly conversation: string;
      readonly outcome?: "succeeded" | "failed" | "interrupted";
    }
  | {
      readonly type: "conversation.failed";
      readonly at_ms: number;
      readonly error: string;
      readonly conversation?: Text;
    }
  | { readonly type: "conversation.compacted"; readonly at_ms: number; readonly conversation: string }
  | {
      readonly type: "request.opened";
      readonly at_ms: number;
      readonly request: string;
      readonly kind: "permission" | "question";
      readonly conversation?: Text;
      readonly about?: Text;
    }
  | { readonly type: "request.closed"; readonly at_ms: number; readonly request: string; readonly conversation?: Text }
  | {
      readonly type: "title.requested";
      readonly at_ms: number;
      readonly conversation: string;
      readonly message: string;
      readonly provider?: Text;
      readonly model?: Text;
    }
  | {
      readonly type: "spool.lost";
      readonly at_ms: number;
      readonly lines: number;
      readonly reason: string;
      readonly first_ms: number;
      readonly last_ms: number;
    };

/** The line as it is written, with its ending. `JSON.stringify` leaves out the keys that are undefined. */
export function encode(line: Line): string {
  return `{"v":1,${JSON.stringify(line).slice(1)}\n`;
}
