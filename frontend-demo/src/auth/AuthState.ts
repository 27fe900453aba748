import type { Me } from "../api/types";

/** What the page that comes next has to tell: why it asks for a sign-in, or what that sign-in has cost. */
export type Notice =
  | "signed-out"
  | "signed-out-elsewhere"
  | "signed-out-everywhere"
  | "session-ended"
  | "account-deleted"
  | "recovery-code-used";

export interface AuthState {
  readonly status: "starting" | "signed-out" | "signed-in";
  readonly me: Me | null;
  readonly notice: Notice | null;
  /** False while the server does not answer. That alone never signs anybody out. */
  readonly reachable: boolean;
}

/** The state that pages show, and who wants to hear of its changes. Made for `useSyncExternalStore`. */
export class StateStore {
  #state: AuthState = { status: "starting", me: null, notice: null, reachable: true };
  readonly #listeners = new Set<() => void>();

  get current(): AuthState {
    return this.#state;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(change: Partial<AuthState>): void {
    const next = { ...this.#state, ...change };
    const keys = Object.keys(next) as (keyof AuthState)[];
    if (keys.every((key) => next[key] === this.#state[key])) return;
    this.#state = next;
    for (const listener of this.#listeners) listener();
  }
}
