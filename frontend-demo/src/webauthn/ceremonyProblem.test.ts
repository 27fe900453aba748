import { expect, test } from "vitest";
import { ceremonyProblem, type Doing } from "./ceremonyProblem";

const create: Doing = { kind: "create", known: false, timeout: 300_000 };
const another: Doing = { ...create, known: true };
const use: Doing = { kind: "use", timeout: 300_000 };

test.each([
  [create, "NotAllowedError", "passkey_not_created"],
  [another, "NotAllowedError", "passkey_not_created_or_there"],
  [use, "NotAllowedError", "passkey_not_used"],
  [create, "AbortError", "passkey_not_created"],
  [use, "AbortError", "passkey_not_used"],
  [another, "InvalidStateError", "passkey_there"],
  [create, "NotSupportedError", "passkey_not_possible_here"],
  [create, "ConstraintError", "passkey_not_possible_here"],
  [use, "NotSupportedError", "passkey_not_usable_here"],
  [use, "NotReadableError", "passkey_failed"],
  [create, "UnknownError", "passkey_failed"],
  [use, "OperationError", "passkey_failed"],
  [use, "TypeError", "passkey_failed"],
] as const)("%o: %s is %s", (doing, name, code) => {
  expect(ceremonyProblem(new DOMException("why", name), doing, 1_000).code).toBe(code);
});

test("a refusal after the whole time is a time-out", () => {
  const error = new DOMException("why", "NotAllowedError");
  expect(ceremonyProblem(error, use, 300_000).code).toBe("passkey_timed_out");
});

test("what the person decided is told calmly, what went wrong is not", () => {
  const calm = (name: string) => ceremonyProblem(new DOMException("", name), create, 0).isCalm;
  expect(["NotAllowedError", "InvalidStateError"].map(calm)).toEqual([true, true]);
  expect(["NotSupportedError", "UnknownError"].map(calm)).toEqual([false, false]);
});
