import { expect, it } from "vitest";
import { parseEvent, readEvents } from "../src/event_stream";

function body(...pieces: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) {
        controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
      }
      controller.close();
    },
  });
}

it("reads events that arrive in pieces, even within a character", async () => {
  const bytes = new TextEncoder().encode('id: e-1\nevent: notice\ndata: {"message":"你"}\n\n');
  const found = [];
  for await (const event of readEvents(
    body(": connected\n\n", bytes.slice(0, 44), bytes.slice(44)),
  )) {
    found.push(event);
  }
  expect(found).toEqual([{ id: "e-1", kind: "notice", data: { message: "你" } }]);
});

it("leaves out comments, and an event that the end cuts short", async () => {
  expect(parseEvent(": ")).toBeNull();
  const found = [];
  for await (const event of readEvents(body('event: reset\ndata: {}\n\nevent: x\ndata: {"a"'))) {
    found.push(event.kind);
  }
  expect(found).toEqual(["reset"]);
});

it("gives up a server that is silent", async () => {
  const silent = new ReadableStream<Uint8Array>();
  await expect(readEvents(silent, 20).next()).rejects.toThrow("silent");
});
