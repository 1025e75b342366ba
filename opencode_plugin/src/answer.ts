/** What OpenCode 2.x answers when it is asked for a conversation, as lines. Its title is not looked at. */
import type { Line } from "./line.ts";
import { at, cost, instant, name, text, tokens } from "./reading.ts";

/** The directory of a conversation, or of an event, that says where it is. */
export function directoryOf(from: unknown): string | undefined {
  return text(at(at(from, "location"), "directory"));
}

/**
 * Whose and where the conversation is, and what it has been charged so far: of what happened before the plugin heard
 * of it, its running totals say nothing else.
 */
export function answerV2(conversation: string, session: unknown, at_ms: number): Line[] {
  const lines: Line[] = [];
  const directory = directoryOf(session);
  if (directory !== undefined) {
    lines.push({
      type: "conversation.seen",
      at_ms,
      conversation,
      change: "updated",
      parent: text(at(session, "parentID")),
      fork_of: text(at(at(session, "fork"), "sessionID")),
      directory,
      project: text(at(session, "projectID")),
      agent: name(at(session, "agent")),
      created_ms: instant(at(at(session, "time"), "created")),
    });
  }
  const total = tokens(at(session, "tokens"));
  const cost_usd = cost(at(session, "cost"));
  if (total !== undefined) lines.push({ type: "conversation.usage", at_ms, conversation, tokens: total, cost_usd });
  return lines;
}
