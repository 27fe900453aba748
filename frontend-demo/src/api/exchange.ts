import { Problem } from "./problem";
import type { Method } from "./types";

const LIMIT_MS = 20_000;

/** One call with JSON both ways; rejects with a `Problem`. */
export async function exchange<T>(
  method: Method,
  body: unknown,
  send: (init: RequestInit) => Promise<Response>,
): Promise<T> {
  const init: RequestInit = { method: method.toUpperCase(), signal: AbortSignal.timeout(LIMIT_MS) };
  if (body !== undefined) {
    init.headers = { "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await send(init);
    if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  } catch {
    throw new Problem("unreachable", 0);
  }
  throw await Problem.from(response);
}
