import { describe, expect, it } from "vitest";
import { accessOf, pastedToken, startCommand } from "../src/settings";

describe("accessOf", () => {
  it.each([
    [8471, 8471],
    ["8471", 8471],
    ["", 8470],
    [0, 8470],
    [70_000, 8470],
    ["x", 8470],
    [undefined, 8470],
  ])("takes port %j as %j", (port, expected) => {
    expect(accessOf({ port }).port).toBe(expected);
  });
});

it.each([
  ["abc", "abc"],
  ["  abc\n", "abc"],
  ["token: abc", "abc"],
  ["", ""],
  [undefined, ""],
])("takes %j as the token %j", (pasted, token) => {
  expect(pastedToken(pasted)).toBe(token);
});

it.each([
  [8470, "/home/a/notes", "tangle --graph /home/a/notes serve"],
  [9000, "/home/a/my notes", 'tangle --graph "/home/a/my notes" serve --port 9000'],
  [8470, 'C:\\it"s', 'tangle --graph "C:\\it\\"s" serve'],
  [8470, undefined, "tangle serve"],
])("starts a server on %j for %j with %j", (port, graph, command) => {
  expect(startCommand(port, graph)).toBe(command);
});
