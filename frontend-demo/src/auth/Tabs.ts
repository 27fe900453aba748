/**
 * What the tabs of one browser share: which sign-in they belong to, one refresh at a time, and news.
 *
 * `localStorage["auth:hint"]` holds a mark made anew at each sign-in. It is no secret and opens nothing: it tells a
 * page load that asking for a token is worth a request, and it names the sign-in, so that a message or an answer that
 * belongs to an earlier one is not taken for this one's.
 */
import type { Me } from "../api/types";
import type { Notice } from "./AuthState";

export type News =
  | { type: "login"; mark: string; token: string; lifetime: number; me: Me }
  | { type: "token"; mark: string; token: string; lifetime: number }
  | { type: "logout"; mark: string; notice: Notice };

const HINT = "auth:hint";
/** The hint's value after a sign-out the server has not heard of yet. */
const OWED = "out";
const LOCK_LIMIT_MS = 3_000;
const NEWS_LIMIT_MS = 100;

export class Tabs {
  #channel: BroadcastChannel | null = null;
  /** Stands in where the browser refuses storage. */
  #memory: string | null = null;
  #heard: () => void = () => {};

  listen(hear: (news: News) => void): void {
    if (typeof BroadcastChannel === "undefined") return;
    this.#channel = new BroadcastChannel("auth");
    this.#channel.onmessage = (event: MessageEvent<News>) => {
      hear(event.data);
      this.#heard();
    };
  }

  close(): void {
    this.#channel?.close();
    this.#channel = null;
  }

  tell(news: News): void {
    this.#channel?.postMessage(news);
  }

  /** The mark of the browser's sign-in, or null when nobody is signed in. */
  get mark(): string | null {
    const hint = this.#read();
    return hint === OWED ? null : hint;
  }

  newMark(): string {
    const mark = Date.now().toString(36) + Math.random().toString(36).slice(2, 6);
    this.#write(mark);
    return mark;
  }

  /** Takes over the mark another tab made; storage has it already, where there is any. */
  remember(mark: string): void {
    this.#memory = mark;
  }

  /** Ends the sign-in `mark`, unless another tab has begun a later one. */
  clearMark(mark: string): void {
    if (this.#read() === mark) this.#write(null);
  }

  /** Ends the sign-in `mark` and keeps, across page loads, that the server has still to hear of it. */
  oweLogout(mark: string): void {
    if (this.#read() === mark) this.#write(OWED);
  }

  get owesLogout(): boolean {
    return this.#read() === OWED;
  }

  settleLogout(): void {
    this.clearMark(OWED);
  }

  /**
   * Runs `work` while no other tab does. A frozen tab may hold the lock for ever, so waiting has a limit; going ahead
   * without it is safe, because the server hands one successor to all who come within its grace.
   */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    if (!navigator.locks) return work();
    const name = "auth-refresh";
    const free = await navigator.locks.request(name, { ifAvailable: true }, async (lock) =>
      lock ? { answer: await work() } : null,
    );
    if (free) return free.answer;
    const news = new Promise<void>((resolve) => {
      this.#heard = resolve;
    });
    let granted = false;
    try {
      return await navigator.locks.request(name, { signal: AbortSignal.timeout(LOCK_LIMIT_MS) }, async () => {
        granted = true;
        // The lock may come before what its last holder told.
        await Promise.race([news, new Promise((resolve) => setTimeout(resolve, NEWS_LIMIT_MS))]);
        return work();
      });
    } catch (error) {
      if (granted) throw error;
      return work();
    }
  }

  #read(): string | null {
    try {
      return localStorage.getItem(HINT);
    } catch {
      return this.#memory;
    }
  }

  #write(hint: string | null): void {
    this.#memory = hint;
    try {
      if (hint === null) localStorage.removeItem(HINT);
      else localStorage.setItem(HINT, hint);
    } catch {
      // Storage is refused: this tab remembers by itself, and a reload asks for the password again.
    }
  }
}
