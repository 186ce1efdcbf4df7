/** Server-sent events, read from the body of an answer: EventSource cannot send a token. */

import type { ServerEvent } from "./protocol";
import { within } from "./timing";

export type StreamedEvent = ServerEvent & { id: string };

/** The server sends a comment after 15 silent seconds; after this time it is gone. */
const SILENCE_MS = 40_000;

/** Yield the events of a body until it ends; throw where nothing comes for too long. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  silence = SILENCE_MS,
): AsyncGenerator<StreamedEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await within(reader.read(), silence, "the server is silent");
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const parts = text.split("\n\n");
      text = parts.pop() ?? "";
      for (const part of parts) {
        const event = parseEvent(part);
        if (event !== null) yield event;
      }
    }
  } finally {
    void reader.cancel().catch(() => undefined); // it may have failed already
  }
}

/** Return the event of a paragraph of the stream; null for comments. */
export function parseEvent(text: string): StreamedEvent | null {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ""));
  }
  const data = fields.get("data");
  if (data === undefined) return null;
  const event = { id: fields.get("id") ?? "", kind: fields.get("event"), data: JSON.parse(data) };
  return event as StreamedEvent; // the server keeps to its schema
}
