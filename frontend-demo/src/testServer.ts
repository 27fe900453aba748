/** What the tests of AuthService run against. */
import type { SignedIn } from "./api/types";

export const user = { id: "u1", email: "a@example.com", display_name: null } as SignedIn["user"];
export const session = { id: "s1", current: true } as SignedIn["session"];
export const me = { ...user, session };

type Route = (request: { headers: Headers; body: unknown }) => Response | Promise<Response>;

/** A server of a few lines: every call is counted under "METHOD path". */
export class Server {
  readonly calls: string[] = [];
  readonly tokens: (string | null)[] = [];
  readonly routes: Record<string, Route> = {};
  generation = 0;

  constructor() {
    this.routes["POST /auth/login"] = () => json({ status: "authenticated", ...this.token(), user, session });
    this.routes["POST /auth/refresh"] = () => json(this.token());
    this.routes["POST /auth/logout"] = () => new Response(null, { status: 204 });
    this.routes["GET /auth/me"] = () => json(me);
    this.routes["GET /api/data"] = () => json({ items: [] });
  }

  token() {
    this.generation += 1;
    return { access_token: `token-${this.generation}`, token_type: "Bearer", expires_in: 300 };
  }

  fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const { pathname, origin } = new URL(input instanceof Request ? input.url : input, location.href);
    const name = `${init?.method ?? "GET"} ${origin === location.origin ? pathname : origin + pathname}`;
    const headers = new Headers(init?.headers);
    this.calls.push(name);
    this.tokens.push(headers.get("Authorization"));
    const route = this.routes[name];
    if (!route) throw new TypeError("Failed to fetch");
    return route({ headers, body: init?.body });
  };

  count(name: string): number {
    return this.calls.filter((call) => call === name).length;
  }
}

/** The Web Locks this code uses, for a DOM that has none: one holder at a time, the others in line. */
export class Locks {
  #last: Promise<unknown> | null = null;

  async request<T>(
    _name: string,
    options: LockOptions,
    work: (lock: object | null) => Promise<T>,
  ): Promise<T> {
    if (options.ifAvailable && this.#last) return work(null);
    const turn = (this.#last ?? Promise.resolve()).then(() => work({}));
    const mine = turn
      .catch(() => null)
      .finally(() => {
        if (this.#last === mine) this.#last = null;
      });
    this.#last = mine;
    return turn;
  }
}

export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
}

export const problem = (status: number, code: string) => json({ status, code, title: code }, status);
