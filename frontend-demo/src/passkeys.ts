/**
 * Passkey ceremonies, one at a time.
 *
 * A page has one WebAuthn request at a time: a second one is refused ("A request is already pending") or ends the
 * first. So one owner, and not components that come and go, says whose turn it is. Autofill waits in the background,
 * steps aside for what the person asks for and for signals, and comes back afterwards.
 */
import {
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  startAuthentication,
  startRegistration,
  WebAuthnAbortService,
} from "@simplewebauthn/browser";
import service, { type SecureAuthService } from "./AuthService";
import { Problem } from "./api/problem";
import type { CreationOptions, Credential, Passkey, PasskeyList, RequestOptions } from "./api/types";
import { signalAccepted, signalUnknown, supportsSilentCreation } from "./webauthn/browser";
import { ceremonyProblem, type Doing } from "./webauthn/ceremonyProblem";

/** Renewed after this part of the challenge's life: somebody may open the list in its last seconds. */
const FRESH_PART = 0.8;
/** A silent creation shows nothing, so nobody would ever end one that hangs. */
const SILENT_LIMIT_MS = 4_000;
const CANCEL_LIMIT_MS = 500;
const CANCEL_STEP_MS = 25;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

type Calls = Pick<
  SecureAuthService,
  | "passkeySignInOptions"
  | "passkeyProofOptions"
  | "passkeyCreationOptions"
  | "passkeyUpgradeOptions"
  | "loginWithPasskey"
  | "reauthenticate"
  | "registerPasskey"
  | "enrolPasskey"
>;

/** What becomes of the passkey that is made without a question after a sign-in with a password. */
export interface Upgrade {
  readonly underWay: boolean;
  readonly made: Passkey | null;
}

export class Passkeys {
  readonly #calls: Calls;
  /** Counts up whenever what is under way loses its turn; to be looked at after every wait. */
  #turn = 0;
  /** How many ceremonies want the browser to themselves. */
  #foreground = 0;
  /** The browser's open request; it never rejects. */
  #pending: Promise<unknown> | null = null;
  /** Stops waiting for a request that does not end when it is told to. */
  #giveUp: () => void = () => {};
  #toSignal: Parameters<typeof signalAccepted> | null = null;
  #signalling: Promise<void> | null = null;
  #tellAutofill: ((problem: Problem) => void) | null = null;
  #rearming: ReturnType<typeof setTimeout> | undefined;
  /** Wall clock, because a sleeping computer's other clock may stand still. */
  #freshUntil = 0;
  #failures = 0;
  #upgrade: Upgrade = { underWay: false, made: null };
  readonly #listeners = new Set<() => void>();

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /** False on a page without HTTPS, and in browsers without WebAuthn. */
  get supported(): boolean {
    return browserSupportsWebAuthn();
  }

  get upgrade(): Upgrade {
    return this.#upgrade;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /**
   * Offers passkeys in the list below the email field, for as long as the page is there. Calling it again changes
   * only who is told.
   * @param tell of a passkey that was chosen and refused.
   */
  startAutofill(tell: (problem: Problem) => void): void {
    const running = this.#tellAutofill !== null;
    this.#tellAutofill = tell;
    if (running) return;
    this.#change({ underWay: false, made: null });
    document.addEventListener("visibilitychange", this.#lookAround);
    void this.#arm();
  }

  stopAutofill(): void {
    this.#tellAutofill = null;
    document.removeEventListener("visibilitychange", this.#lookAround);
    clearTimeout(this.#rearming);
    if (this.#foreground > 0) return;
    this.#turn += 1;
    void this.#cancel();
  }

  /** The browser's own dialog, which can also fetch the passkey of a phone. */
  signIn(): Promise<void> {
    return this.#exclusively(async (turn) => {
      const began = Date.now();
      const options = await this.#calls.passkeySignInOptions();
      await this.#enter(await this.#use(turn, options), options, began);
    });
  }

  /** Proves again who is signed in. */
  prove(): Promise<void> {
    return this.#exclusively(async (turn) => {
      const options = await this.#calls.passkeyProofOptions();
      const credential = await this.#use(turn, options);
      await this.#calls.reauthenticate({ method: "passkey", credential });
    });
  }

  create(): Promise<Passkey> {
    return this.#exclusively(async (turn) => {
      const options = await this.#calls.passkeyCreationOptions();
      return this.#calls.registerPasskey(await this.#make(turn, options));
    });
  }

  /** The first passkey of an account that has nothing else; it signs in. */
  enrol(token: string): Promise<void> {
    return this.#exclusively(async (turn) => {
      const options = await this.#calls.passkeyCreationOptions(token);
      await this.#calls.enrolPasskey(await this.#make(turn, options), token);
    });
  }

  /** Right after a sign-in with a password: a passkey without a question, where server and browser agree to it. */
  async makeSilently(): Promise<void> {
    let made: Passkey | null = null;
    // From the start, so that no page offers what is about to be there.
    this.#change({ underWay: true, made });
    try {
      if (!(await supportsSilentCreation())) return;
      const options = await this.#calls.passkeyUpgradeOptions();
      await this.#signalling;
      if (!options || this.#foreground > 0) return;
      made = await this.#exclusively(async (turn) => {
        const limit = setTimeout(() => turn === this.#turn && this.#cancel(), SILENT_LIMIT_MS);
        try {
          return await this.#calls.registerPasskey(await this.#make(turn, options, true));
        } finally {
          clearTimeout(limit);
        }
      });
    } catch {
      // Nobody asked for it, so nobody hears of it.
    } finally {
      this.#change({ underWay: false, made });
    }
  }

  /**
   * Tells password managers which passkeys are accepted, and the person's present names. The list has to be the whole
   * and newest one of somebody signed in: managers hide or delete what is not on it.
   */
  signal(list: PasskeyList, name: string, displayName: string): Promise<void> {
    this.#toSignal = [list, name, displayName];
    this.#signalling ??= this.#signalNewest().finally(() => {
      this.#signalling = null;
    });
    return this.#signalling;
  }

  async #signalNewest(): Promise<void> {
    while (this.#toSignal !== null) {
      const newest = this.#toSignal;
      this.#toSignal = null;
      // A ceremony under way changes the list, and brings a newer one.
      if (this.#foreground > 0) return;
      await this.#exclusively(() => this.#hold(signalAccepted(...newest))).catch(() => null);
    }
  }

  async #enter(credential: Credential, { rpId, timeout }: RequestOptions, began: number): Promise<void> {
    try {
      await this.#calls.loginWithPasskey(credential);
    } catch (error) {
      const problem = Problem.of(error);
      if (problem.code === "unknown_passkey") await this.#hold(signalUnknown(rpId, String(credential.id)));
      const late = problem.code === "passkey_verification_failed" && Date.now() - began >= timeout;
      throw late ? new Problem("passkey_timed_out", problem.status) : problem;
    }
  }

  #use(turn: number, options: RequestOptions, useBrowserAutofill = false): Promise<Credential> {
    const optionsJSON = options as Parameters<typeof startAuthentication>[0]["optionsJSON"];
    return this.#ask(turn, { kind: "use", ...options }, () =>
      startAuthentication({ optionsJSON, useBrowserAutofill }),
    );
  }

  #make(turn: number, options: CreationOptions, useAutoRegister = false): Promise<Credential> {
    const optionsJSON = options as Parameters<typeof startRegistration>[0]["optionsJSON"];
    const known = options.excludeCredentials.length > 0;
    return this.#ask(turn, { kind: "create", known, ...options }, () =>
      startRegistration({ optionsJSON, useAutoRegister }),
    );
  }

  async #ask(turn: number, doing: Doing, start: () => Promise<object>): Promise<Credential> {
    if (turn !== this.#turn) throw new Problem("superseded", 0);
    const began = performance.now();
    try {
      return { ...(await this.#hold(start())) };
    } catch (error) {
      if (turn !== this.#turn) throw new Problem("superseded", 0);
      throw ceremonyProblem(error, doing, performance.now() - began);
    }
  }

  /** Remembers what the browser is busy with. */
  async #hold<T>(request: Promise<T>): Promise<T> {
    const pending = request
      .catch(() => null)
      .finally(() => {
        if (this.#pending === pending) this.#pending = null;
      });
    this.#pending = pending;
    const givenUp = new Promise<never>((_, reject) => {
      this.#giveUp = () => reject(new DOMException("The browser did not let go.", "AbortError"));
    });
    return Promise.race([request, givenUp]);
  }

  /** Whatever the browser is busy with gives way; autofill comes back when the last one is done. */
  async #exclusively<T>(work: (turn: number) => Promise<T>): Promise<T> {
    this.#turn += 1;
    const turn = this.#turn;
    clearTimeout(this.#rearming);
    this.#foreground += 1;
    try {
      await this.#cancel();
      if (turn !== this.#turn) throw new Problem("superseded", 0);
      return await work(turn);
    } finally {
      this.#foreground -= 1;
      if (this.#foreground === 0) void this.#arm();
    }
  }

  /**
   * Ends the open request and waits until the browser has let go of it. Asked more than once, because the library looks
   * at the browser before it makes a request, and at that moment there is nothing to end yet.
   */
  async #cancel(): Promise<void> {
    const pending = this.#pending;
    const until = performance.now() + CANCEL_LIMIT_MS;
    while (pending !== null && pending === this.#pending && performance.now() < until) {
      WebAuthnAbortService.cancelCeremony();
      await Promise.race([pending, new Promise((resolve) => setTimeout(resolve, CANCEL_STEP_MS))]);
    }
    if (pending === null || pending !== this.#pending) return;
    this.#pending = null;
    this.#giveUp();
  }

  async #arm(): Promise<void> {
    if (this.#tellAutofill === null || this.#foreground > 0) return;
    this.#turn += 1;
    const turn = this.#turn;
    const lost = () => turn !== this.#turn;
    clearTimeout(this.#rearming);
    const began = Date.now();
    try {
      if (!(await browserSupportsWebAuthnAutofill()) || lost()) return;
      await this.#cancel();
      if (lost()) return;
      const options = await this.#calls.passkeySignInOptions();
      if (lost()) return;
      this.#freshUntil = began + options.timeout * FRESH_PART;
      this.#rearmIn(options.timeout * FRESH_PART);
      const credential = await this.#use(turn, options, true);
      if (lost()) return;
      clearTimeout(this.#rearming);
      await this.#answer(credential, options, began);
      if (!lost()) await this.#arm();
    } catch (error) {
      if (!lost()) this.#disarmed(Problem.of(error), Date.now() - began);
    }
  }

  /** Signs in with the passkey that was chosen in the list; a refusal is told, and is no reason to stop offering. */
  async #answer(credential: Credential, options: RequestOptions, began: number): Promise<void> {
    try {
      await this.#enter(credential, options, began);
    } catch (error) {
      this.#tellAutofill?.(Problem.of(error));
    }
  }

  /** Autofill ended by itself: it comes back, later each time where it does not last, and not where it cannot work. */
  #disarmed(problem: Problem, lasted: number): void {
    if (problem.code === "passkey_address_wrong" || problem.code === "passkey_not_usable_here") return;
    this.#failures = lasted > LONGEST_PAUSE_MS ? 0 : this.#failures + 1;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#freshUntil = 0;
    this.#rearmIn(Math.max(pause, (problem.retryAfter ?? 0) * 1000));
  }

  /** A hidden tab is left alone; it catches up when it is looked at. */
  #rearmIn(delay: number): void {
    clearTimeout(this.#rearming);
    this.#rearming = setTimeout(() => {
      if (document.visibilityState === "visible") void this.#arm();
    }, delay);
  }

  #lookAround = (): void => {
    if (document.visibilityState === "visible" && Date.now() >= this.#freshUntil) void this.#arm();
  };

  #change(upgrade: Upgrade): void {
    if (upgrade.underWay === this.#upgrade.underWay && upgrade.made === this.#upgrade.made) return;
    this.#upgrade = upgrade;
    for (const listener of this.#listeners) listener();
  }
}

const passkeys = new Passkeys(service);
export default passkeys;
