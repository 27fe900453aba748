/**
 * Signing in and staying signed in, for a page on the service's own origin.
 *
 * The access token lives in memory only; the refresh token is an HttpOnly cookie that no script can read. Every call
 * rejects with a `Problem`, whose `code` says what happened.
 */
import { Problem } from "./api/problem";
import type {
  Answer,
  CreationOptions,
  Credential,
  EnrolmentOffer,
  LoginResult,
  Me,
  Method,
  Passkey,
  PasskeyList,
  PathOf,
  Proof,
  Registration,
  RequestOptions,
  Sent,
  Session,
} from "./api/types";
import type { AuthState } from "./auth/AuthState";
import { BrowserSession } from "./auth/BrowserSession";

const LIMIT_MS = 20_000;

export class SecureAuthService {
  readonly #session = new BrowserSession(() => this.getMe());

  get state(): AuthState {
    return this.#session.store.current;
  }

  subscribe = (listener: () => void): (() => void) => this.#session.store.subscribe(listener);

  /** Call once, when the page is there. */
  start(): Promise<void> {
    return this.#session.start();
  }

  /** Ends what `start` began: listening to other tabs, and trying again by itself. */
  stop(): void {
    this.#session.stop();
  }

  /** For a "Try again" button. */
  retry(): Promise<void> {
    return this.#session.retry();
  }

  /** @param password null for an account with passkeys only: the mailed link leads to the first one. */
  async register(email: string, password: string | null, displayName?: string): Promise<Registration> {
    const body = {
      email,
      ...(password !== null && { password }),
      ...(displayName && { display_name: displayName }),
    };
    const answer = await this.#session.alone(() => this.#open("/auth/register", body));
    if (answer.status === "authenticated") await this.#session.enter(answer);
    return answer;
  }

  async login(email: string, password: string): Promise<LoginResult> {
    const answer = await this.#session.alone(() => this.#open("/auth/login", { email, password }));
    if (answer.status === "authenticated") await this.#session.enter(answer);
    return answer;
  }

  /** For a passkey of anybody's: the answer is the same whoever asks. */
  passkeySignInOptions(): Promise<RequestOptions> {
    return this.#open("/auth/passkeys/authentication/options");
  }

  async loginWithPasskey(credential: Credential): Promise<LoginResult> {
    const path = "/auth/passkeys/authentication/verify";
    const answer = await this.#session.alone(() => this.#open(path, { credential }));
    if (answer.status === "authenticated") await this.#session.enter(answer);
    return answer;
  }

  /** Never rejects: signed out here and in every tab at once, and at the server as soon as it can be told. */
  logout(): Promise<void> {
    return this.#session.logout();
  }

  /** Asks for a new access token now; `authenticatedFetch` does so by itself when it is time. */
  refresh(): Promise<void> {
    return this.#session.refresh();
  }

  async getMe(): Promise<Me> {
    const me = await this.#call("get", "/auth/me");
    this.#session.known(me);
    return me;
  }

  async updateProfile(profile: Sent<"patch", "/auth/me">): Promise<Me> {
    const me = await this.#call("patch", "/auth/me", profile);
    this.#session.known(me);
    return me;
  }

  async listSessions(): Promise<Session[]> {
    return (await this.#call("get", "/auth/sessions")).sessions;
  }

  revokeSession(id: string): Promise<void> {
    return this.#call("delete", "/auth/sessions/{session_id}", undefined, id);
  }

  /** Resolves to how many sessions ended; this one goes on. */
  async revokeOtherSessions(): Promise<number> {
    return (await this.#call("delete", "/auth/sessions")).revoked_sessions;
  }

  /** Resolves to how many sessions ended, this one included. */
  async logoutEverywhere(): Promise<number> {
    const answer = await this.#call("post", "/auth/logout-all");
    this.#session.leave("signed-out-everywhere");
    return answer.revoked_sessions;
  }

  changePassword(currentPassword: string, newPassword: string): Promise<void> {
    const body = { current_password: currentPassword, new_password: newPassword };
    return this.#call("post", "/auth/password/change", body);
  }

  /** The first password of somebody who has passkeys only. Needs a recent proof. */
  addPassword(newPassword: string): Promise<void> {
    return this.#call("post", "/auth/password/change", { new_password: newPassword });
  }

  listPasskeys(): Promise<PasskeyList> {
    return this.#call("get", "/auth/passkeys");
  }

  /** Needs a recent proof; with the token of an enrolment that is the proof. */
  async passkeyCreationOptions(enrolmentToken?: string): Promise<CreationOptions> {
    const path = "/auth/passkeys/registration/options";
    const options = enrolmentToken
      ? await this.#open(path, {}, enrolmentToken)
      : await this.#call("post", path, {});
    if (!options) throw new Problem("unexpected", 0);
    return options;
  }

  /** For a passkey made without a question; undefined where the server says that it is not the moment. */
  passkeyUpgradeOptions(): Promise<CreationOptions | undefined> {
    return this.#call("post", "/auth/passkeys/registration/options", { mode: "conditional" });
  }

  registerPasskey(credential: Credential): Promise<Passkey> {
    return this.#call("post", "/auth/passkeys/registration/verify", { credential });
  }

  /** The first passkey of an account without any credential signs in as well. */
  async enrolPasskey(credential: Credential, enrolmentToken: string): Promise<void> {
    const path = "/auth/passkeys/registration/verify";
    const answer = await this.#session.alone(() => this.#open(path, { credential }, enrolmentToken));
    if (answer.sign_in) await this.#session.enter(answer.sign_in);
  }

  renamePasskey(id: string, name: string): Promise<Passkey> {
    return this.#call("patch", "/auth/passkeys/{passkey_id}", { name }, id);
  }

  /** Needs a recent proof. */
  deletePasskey(id: string): Promise<void> {
    return this.#call("delete", "/auth/passkeys/{passkey_id}", undefined, id);
  }

  /** No more offers of a passkey after signing in, silent ones included. */
  declinePasskeyOffer(): Promise<void> {
    return this.#call("put", "/auth/passkeys/offer", { declined: true });
  }

  /** For one of this person's own passkeys, in this session. */
  passkeyProofOptions(): Promise<RequestOptions> {
    return this.#call("post", "/auth/passkeys/authentication/options");
  }

  /** Proves again who this is, so that calls which need it recent pass for the next minutes. */
  async reauthenticate(proof: Proof): Promise<void> {
    const began = performance.now();
    const fresh = await this.#call("post", "/auth/reauthenticate", proof);
    this.#session.renewed(fresh, began);
  }

  /** Needs a recent proof, else rejects with `reauthentication_required`. */
  async deleteAccount(): Promise<void> {
    await this.#call("delete", "/auth/me");
    this.#session.leave("account-deleted");
  }

  /** Resolves to an offer where the account has nothing to sign in with yet. */
  verifyEmail(token: string): Promise<EnrolmentOffer | undefined> {
    return this.#open("/auth/email/verify", { token });
  }

  /** See `authenticatedFetch`. */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    return this.#session.fetch(input, init);
  }

  #call<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    body?: Sent<M, P>,
    id = "",
  ): Promise<Answer<M, P>> {
    const url = path.replace(/\{\w+\}/, encodeURIComponent(id));
    return exchange(method, body, (init) => this.#session.fetch(url, init));
  }

  /** A call that needs nobody signed in, and takes no access token along. */
  #open<P extends PathOf<"post">>(
    path: P,
    body?: Sent<"post", P>,
    enrolmentToken?: string,
  ): Promise<Answer<"post", P>> {
    const token = enrolmentToken ? { value: enrolmentToken } : null;
    return exchange("post", body, (init) => this.#session.send(path, init, token));
  }
}

async function exchange<T>(
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

const service = new SecureAuthService();
export default service;

/**
 * `fetch` for calls to this origin that need somebody signed in.
 *
 * Renews the access token where it is stale, and on 401 `invalid_token` repeats the request exactly once. Answers with
 * the `Response` whatever its status, and rejects as `fetch` does. Requests to another origin pass without the token.
 */
export function authenticatedFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  return service.fetch(input, init);
}
