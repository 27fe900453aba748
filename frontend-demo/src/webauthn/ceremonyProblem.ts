import { Problem } from "../api/problem";

/** What was asked of the browser. `known`: it was also told of passkeys the person has already. */
export type Doing = { kind: "create"; known: boolean; timeout: number } | { kind: "use"; timeout: number };

/**
 * The browser's refusal as a problem with a text. Browsers keep most reasons to themselves, so that a page cannot find
 * out what somebody has: `NotAllowedError` is a cancel, a time-out, a missing passkey, and in Firefox a duplicate.
 * @param lasted how long the browser took, in milliseconds.
 */
export function ceremonyProblem(error: unknown, doing: Doing, lasted: number): Problem {
  if (error instanceof Problem) return error;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const problem = (code: Problem["code"]) => new Problem(code, 0, { detail: `${name}: ${message}` });
  switch (name) {
    case "NotAllowedError":
    case "AbortError":
      if (lasted >= doing.timeout) return problem("passkey_timed_out");
      if (doing.kind === "use") return problem("passkey_not_used");
      return problem(doing.known ? "passkey_not_created_or_there" : "passkey_not_created");
    case "InvalidStateError":
      return problem(doing.kind === "create" ? "passkey_there" : "passkey_failed");
    case "NotSupportedError":
    case "ConstraintError":
      return problem(doing.kind === "create" ? "passkey_not_possible_here" : "passkey_not_usable_here");
    case "SecurityError":
      console.warn(`Passkeys do not work at ${location.origin}: ${message}`);
      return problem("passkey_address_wrong");
    default:
      return problem("passkey_failed");
  }
}
