import { Problem } from "../api/problem";
import type { FreshToken, Me, SignedIn } from "../api/types";
import { type AccessToken, isStale, packed, timed, unpacked } from "./AccessToken";
import { type Notice, StateStore } from "./AuthState";
import { Connection } from "./Connection";
import { type News, Tabs } from "./Tabs";

/** How a renewal ends: with a token, with an answer that refuses one, or without an answer. */
type Renewal = { token: AccessToken } | { refused: Response } | { failed: unknown };

const REFRESH_LIMIT_MS = 8_000;

/** This browser's session as one tab sees it: the token in memory, its renewal, and what other tabs tell. */
export class BrowserSession {
  readonly store = new StateStore();
  readonly #tabs = new Tabs();
  readonly #connection = new Connection(() => this.#lookAround());
  readonly #loadMe: () => Promise<Me>;
  /** Which sign-in of this browser the tab belongs to: an answer to an earlier one is thrown away. */
  #mark: string | null = null;
  #token: AccessToken | null = null;
  #renewing: Promise<Renewal> | null = null;
  #lastFailure: Renewal | null = null;
  /** Ends the listening to other tabs and to the page; null before it began. */
  #listening: AbortController | null = null;

  constructor(loadMe: () => Promise<Me>) {
    this.#loadMe = loadMe;
  }

  /** Finds out whether this browser is signed in; asks the server only where there is a reason to. */
  async start(): Promise<void> {
    this.#listen();
    this.#token = null;
    this.#mark = this.#tabs.mark;
    if (this.#mark === null) {
      this.store.set({ status: "signed-out", me: null });
      await this.#settleLogout(null);
    } else {
      this.store.set({ status: "starting", me: null });
      await this.retry();
    }
  }

  stop(): void {
    this.#listening?.abort();
    this.#listening = null;
    this.#tabs.close();
    this.#connection.restored();
  }

  /** Asks again now, without waiting for the pause between attempts to end. */
  async retry(): Promise<void> {
    this.#connection.endPause();
    const mark = this.#mark;
    try {
      await this.#loadMe();
    } catch (error) {
      if (mark !== null && mark === this.#mark) this.#unreachable(Problem.of(error).retryAfter);
    }
  }

  /** Nothing else that sets the refresh cookie runs meanwhile: the later Set-Cookie would win. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#tabs.alone(work);
  }

  async enter(answer: SignedIn, notice: Notice | null): Promise<void> {
    const mark = this.#tabs.newMark();
    const me: Me = { ...answer.user, session: answer.session };
    this.#mark = mark;
    this.#token = timed(answer, performance.now());
    // Where a browser may have dropped the cookie, ask now rather than sign the person out at the next reload.
    if (window.isSecureContext === false || navigator.cookieEnabled === false) {
      const renewal = await this.#renew();
      if ("refused" in renewal && renewal.refused.status === 401) throw new Problem("cookie_not_kept", 0);
    }
    if (this.#token) this.#tabs.tell({ type: "login", mark, me, ...packed(this.#token) });
    this.store.set({ status: "signed-in", me, notice, reachable: true });
  }

  /** A fresh token of the same session, as a proof gives it. */
  renewed(fresh: FreshToken, began: number): void {
    if (this.#mark === null) return;
    this.#token = timed(fresh, began);
    this.#tabs.tell({ type: "token", mark: this.#mark, ...packed(this.#token) });
  }

  /** What the server says of the person; an answer about somebody who has left since is dropped. */
  known(me: Me): void {
    if (this.#mark === null || (this.store.current.me && this.store.current.me.id !== me.id)) return;
    this.store.set({ status: "signed-in", me, notice: null });
  }

  /** Ends the sign-in here and in every tab. */
  leave(notice: Notice): void {
    const mark = this.#mark;
    this.#forget(notice);
    if (mark === null) return;
    this.#tabs.clearMark(mark);
    this.#tabs.tell({ type: "logout", mark, notice });
  }

  /** Signed out at once, whatever the network does; the server is told now or at the next chance. */
  async logout(): Promise<void> {
    const stored = this.#tabs.mark;
    // Another tab may have signed in since, and this one missed it: the browser is what the person wants signed out.
    const token = stored === this.#mark ? this.#token : null;
    if (stored !== null) {
      this.#mark = stored;
      this.#tabs.oweLogout(stored);
    }
    this.leave("signed-out");
    await this.#settleLogout(token);
  }

  /** A `Problem` unless there is a new access token. */
  async refresh(): Promise<void> {
    const renewal = await this.#renew();
    if ("refused" in renewal) throw await Problem.from(renewal.refused);
    if ("failed" in renewal) throw new Problem("unreachable", 0);
  }

  /** `fetch` with the access token: see `authenticatedFetch`. */
  async fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const url = new URL(input instanceof Request ? input.url : input, location.href);
    // The token is for this origin alone.
    if (url.origin !== location.origin) return fetch(input, init);
    if (this.#mark !== null && (this.#token === null || isStale(this.#token))) {
      const renewal = await this.#renew();
      // An early renewal that failed leaves the old token its last seconds: those are worth a try.
      if (this.#token === null && "refused" in renewal) return renewal.refused.clone();
      if (this.#token === null && "failed" in renewal) throw renewal.failed;
    }
    const used = this.#token;
    const first = await this.send(input, init, used);
    if (first.status !== 401 || used === null) return first;
    const { code } = await Problem.from(first);
    if (code === "session_revoked" && used === this.#token) this.#ended();
    // A stream is spent by the first attempt; what cannot be repeated is not.
    if (code !== "invalid_token" || init?.body instanceof ReadableStream) return first;
    if (used === this.#token) await this.#renew();
    return this.#token === null || this.#token === used ? first : this.send(input, init, this.#token);
  }

  async send(
    input: RequestInfo | URL,
    init?: RequestInit,
    token?: Pick<AccessToken, "value"> | null,
  ): Promise<Response> {
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
    if (token) headers.set("Authorization", `Bearer ${token.value}`);
    try {
      const response = await fetch(input instanceof Request ? input.clone() : input, { ...init, headers });
      this.#reached();
      return response;
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) this.#unreachable(null);
      throw error;
    }
  }

  /** One renewal at a time, in this tab and across tabs. */
  #renew(): Promise<Renewal> {
    if (this.#lastFailure && this.#connection.paused) return Promise.resolve(this.#lastFailure);
    this.#renewing ??= this.#renewOnce().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #renewOnce(): Promise<Renewal> {
    const mark = this.#mark;
    const before = this.#token;
    const renewal = await this.#tabs.alone(async (): Promise<Renewal> => {
      // Another tab may just have renewed it.
      if (this.#token && this.#token !== before) return { token: this.#token };
      const began = performance.now();
      try {
        const signal = AbortSignal.timeout(REFRESH_LIMIT_MS);
        const response = await fetch("/auth/refresh", { method: "POST", signal });
        if (!response.ok) return { refused: response };
        const fresh = (await response.json()) as FreshToken;
        // Signed out, or in as somebody else, meanwhile: this answer comes too late.
        if (mark !== this.#mark || mark !== this.#tabs.mark) return { failed: new Error("superseded") };
        this.renewed(fresh, began);
        return this.#token ? { token: this.#token } : { failed: new Error("signed out") };
      } catch (failed) {
        return { failed };
      }
    });
    if (this.#caughtUp(mark)) return this.#token ? { token: this.#token } : renewal;
    if ("token" in renewal) this.#reached();
    else if ("refused" in renewal && renewal.refused.status === 401) this.#ended();
    else {
      const problem = "refused" in renewal ? await Problem.from(renewal.refused) : null;
      this.#lastFailure = renewal;
      this.#unreachable(problem?.retryAfter ?? null);
    }
    return renewal;
  }

  /** True when the tab was behind: another one has signed out, or in again, since `mark`. */
  #caughtUp(mark: string | null): boolean {
    if (mark !== this.#mark) return true;
    const stored = this.#tabs.mark;
    if (stored === mark) return false;
    if (stored === null) this.#forget("signed-out-elsewhere");
    else void this.start();
    return true;
  }

  /** The server says that this session is over; it may be an older one than the browser's. */
  #ended(): void {
    if (!this.#caughtUp(this.#mark)) this.leave("session-ended");
  }

  #forget(notice: Notice): void {
    this.#mark = null;
    this.#token = null;
    this.store.set({ status: "signed-out", me: null, notice });
  }

  async #settleLogout(token: AccessToken | null): Promise<void> {
    await this.#tabs.alone(async () => {
      // A sign-in since then has ended the old session, and this request would end the new one.
      if (!this.#tabs.owesLogout) return;
      const headers: HeadersInit = token ? { Authorization: `Bearer ${token.value}` } : {};
      try {
        const response = await fetch("/auth/logout", { method: "POST", keepalive: true, headers });
        if (response.status < 500 && response.status !== 429) this.#tabs.settleLogout();
      } catch {
        // Still owed.
      }
    });
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#tabs.listen((news) => this.#hear(news));
    document.addEventListener("visibilitychange", () => this.#lookAround(), { signal });
    window.addEventListener("pageshow", (event) => event.persisted && this.#lookAround(), { signal });
    window.addEventListener("online", () => this.#lookAround(), { signal });
  }

  #hear(news: News): void {
    if (news.type === "login") {
      this.#tabs.remember(news.mark);
      this.#mark = news.mark;
    } else if (news.mark !== this.#mark) {
      return;
    }
    if (news.type === "logout") {
      this.#forget(news.notice === "signed-out" ? "signed-out-elsewhere" : news.notice);
      return;
    }
    this.#token = unpacked(news);
    this.#reached();
    if (news.type === "login") this.store.set({ status: "signed-in", me: news.me, notice: null });
  }

  /** On coming back to the foreground, or to the network: what did this tab miss? */
  #lookAround(): void {
    if (document.visibilityState !== "visible") return;
    if (this.#tabs.owesLogout) void this.#settleLogout(null);
    if (this.#caughtUp(this.#mark) || this.#mark === null) return;
    if (this.#token === null || isStale(this.#token) || !this.store.current.reachable) void this.retry();
  }

  #reached(): void {
    this.#lastFailure = null;
    this.#connection.restored();
    this.store.set({ reachable: true });
  }

  #unreachable(retryAfter: number | null): void {
    this.#connection.failed(retryAfter);
    this.store.set({ reachable: false });
  }
}
