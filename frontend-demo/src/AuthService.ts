/**
 * Signing in and staying signed in, for a page on the service's own origin.
 *
 * The access token lives in memory only; the refresh token is an HttpOnly cookie that no script can read. Every call
 * rejects with a `Problem`, whose `code` says what happened.
 */
import { exchange } from "./api/exchange";
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
  TotpActivated,
  TotpEnrolment,
  TrustedBrowser,
} from "./api/types";
import type { AuthState, Notice } from "./auth/AuthState";
import { BrowserSession } from "./auth/BrowserSession";

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
    if (answer.status === "authenticated") await this.enter(answer);
    return answer;
  }

  async login(email: string, password: string): Promise<LoginResult> {
    const answer = await this.#session.alone(() => this.#open("/auth/login", { email, password }));
    await this.enter(answer);
    return answer;
  }

  /** The second step, with a code of the authenticator app. @param trust this browser: do not ask here for 30 days. */
  async loginWithCode(mfaToken: string, code: string, trust: boolean): Promise<LoginResult> {
    const body = { mfa_token: mfaToken, code, trust_browser: trust };
    const answer = await this.#session.alone(() => this.#open("/auth/login/totp", body));
    await this.enter(answer);
    return answer;
  }

  /** The second step, with one of the codes for when the app is lost. */
  async loginWithRecoveryCode(mfaToken: string, code: string): Promise<LoginResult> {
    const body = { mfa_token: mfaToken, code };
    const answer = await this.#session.alone(() => this.#open("/auth/login/recovery-code", body));
    await this.enter(answer, "recovery-code-used");
    return answer;
  }

  /** For a passkey of anybody's: the answer is the same whoever asks. */
  passkeySignInOptions(): Promise<RequestOptions> {
    return this.#open("/auth/passkeys/authentication/options");
  }

  async loginWithPasskey(credential: Credential): Promise<LoginResult> {
    const path = "/auth/passkeys/authentication/verify";
    const answer = await this.#session.alone(() => this.#open(path, { credential }));
    await this.enter(answer);
    return answer;
  }

  /** Takes up the sign-in that an answer holds, where it holds one. */
  async enter(answer: LoginResult, notice: Notice | null = null): Promise<void> {
    if (answer.status === "authenticated") await this.#session.enter(answer, notice);
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

  /** A passkey that is added with the token of an enrolment signs in as well. */
  async enrolPasskey(credential: Credential, enrolmentToken: string): Promise<void> {
    const path = "/auth/passkeys/registration/verify";
    const answer = await this.#session.alone(() => this.#open(path, { credential }, enrolmentToken));
    if (answer.sign_in) await this.enter(answer.sign_in);
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

  /** Needs a recent proof; with the token of an enrolment that is the proof. An older app stays in force meanwhile. */
  enrolTotp(enrolmentToken?: string): Promise<TotpEnrolment> {
    const path = "/auth/totp/enroll";
    return enrolmentToken ? this.#open(path, undefined, enrolmentToken) : this.#call("post", path);
  }

  /**
   * Puts the app in force; the other sessions end. With the token of an enrolment the answer holds a sign-in as well,
   * to `enter` once the recovery codes were seen.
   */
  activateTotp(code: string, enrolmentToken?: string): Promise<TotpActivated> {
    const path = "/auth/totp/activate";
    if (!enrolmentToken) return this.#call("post", path, { code });
    return this.#session.alone(() => this.#open(path, { code }, enrolmentToken));
  }

  /** Needs a recent proof. */
  disableTotp(): Promise<void> {
    return this.#call("delete", "/auth/totp");
  }

  /** Needs a recent proof; the old codes are void. */
  async replaceRecoveryCodes(): Promise<string[]> {
    return (await this.#call("post", "/auth/recovery-codes")).recovery_codes;
  }

  /** Where the second factor is not asked for. */
  async listTrustedBrowsers(): Promise<TrustedBrowser[]> {
    return (await this.#call("get", "/auth/trusted-browsers")).trusted_browsers;
  }

  removeTrustedBrowser(id: string): Promise<void> {
    return this.#call("delete", "/auth/trusted-browsers/{browser_id}", undefined, id);
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
