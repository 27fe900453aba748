import { useSyncExternalStore } from "react";

let token: string | null = null;
const listeners = new Set<() => void>();

/**
 * Takes the token of a mailed link (`#token=…`) out of the address bar at once: it must not stay in the history, in a
 * bookmark or in a screenshot. A second link opened in the same tab changes the fragment only, without a page load.
 */
export function takeLinkToken(): void {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (found === null) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  token = found;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useLinkToken(): string | null {
  return useSyncExternalStore(subscribe, () => token);
}
