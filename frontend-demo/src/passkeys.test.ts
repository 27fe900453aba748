import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Problem } from "./api/problem";
import type { CreationOptions, Passkey, PasskeyList, RequestOptions } from "./api/types";
import { Passkeys } from "./passkeys";

/** A browser with one request at a time, as the real ones have it, which a test settles by hand. */
class Ears {
  open: { kind: string; answer: (value: unknown) => void; fail: (name: string) => void } | null = null;
  readonly log: string[] = [];
  deaf = false;

  request(kind: string, signal?: AbortSignal): Promise<unknown> {
    if (this.open) {
      this.log.push(`${kind} refused`);
      return Promise.reject(new DOMException("A request is already pending.", "OperationError"));
    }
    this.log.push(kind);
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        this.open = null;
        end();
      };
      const fail = (name: string) => settle(() => reject(new DOMException("", name)));
      const mine = { kind, answer: (value: unknown) => settle(() => resolve(value)), fail };
      this.open = mine;
      signal?.addEventListener("abort", () => {
        if (this.open !== mine) return;
        this.log.push(`${kind} aborted`);
        if (!this.deaf) fail("AbortError");
      });
    });
  }
}

const bytes = new ArrayBuffer(4);
const assertion = {
  id: "AAAA",
  rawId: bytes,
  type: "public-key",
  response: { authenticatorData: bytes, clientDataJSON: bytes, signature: bytes, userHandle: bytes },
  getClientExtensionResults: () => ({}),
};
const attestation = { ...assertion, response: { attestationObject: bytes, clientDataJSON: bytes } };
const request = {
  challenge: "AAAA",
  rpId: "localhost",
  timeout: 300_000,
  allowCredentials: [],
} as RequestOptions;
const creation = {
  challenge: "AAAA",
  rp: { id: "localhost", name: "" },
  user: { id: "AAAA", name: "", displayName: "" },
  timeout: 300_000,
  excludeCredentials: [],
} as CreationOptions;
const list = { rp_id: "localhost", user_handle: "AAAA", passkeys: [] as Passkey[] } as PasskeyList;

let ears: Ears;
let passkeys: Passkeys;
const told: Problem[] = [];
const calls = {
  passkeySignInOptions: vi.fn(async () => request),
  passkeyProofOptions: vi.fn(async () => request),
  passkeyCreationOptions: vi.fn(async () => creation),
  passkeyUpgradeOptions: vi.fn(async (): Promise<CreationOptions | undefined> => creation),
  loginWithPasskey: vi.fn(),
  reauthenticate: vi.fn(),
  registerPasskey: vi.fn(async () => ({ name: "Mine" }) as Passkey),
  enrolPasskey: vi.fn(),
};

beforeEach(() => {
  ears = new Ears();
  told.length = 0;
  vi.clearAllMocks();
  calls.loginWithPasskey.mockReset();
  document.body.innerHTML = '<input autocomplete="username webauthn" />';
  const signal = (name: string) => async () => {
    if (ears.open) await ears.request(name);
    else ears.log.push(name);
  };
  vi.stubGlobal(
    "PublicKeyCredential",
    Object.assign(() => {}, {
      isConditionalMediationAvailable: async () => true,
      getClientCapabilities: async () => ({ conditionalCreate: true }),
      signalAllAcceptedCredentials: signal("signal all"),
      signalCurrentUserDetails: signal("signal details"),
      signalUnknownCredential: signal("signal unknown"),
    }),
  );
  const kind = (options: { mediation?: string }) => (options.mediation === "conditional" ? "silent " : "");
  Object.defineProperty(navigator, "credentials", {
    configurable: true,
    value: {
      get: (options: CredentialRequestOptions) => ears.request(`${kind(options)}get`, options.signal),
      create: (options: CredentialCreationOptions) =>
        ears.request(`${kind(options as object)}create`, options.signal),
    },
  });
  passkeys = new Passkeys(calls);
});

afterEach(() => {
  passkeys.stopAutofill();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const asked = (kind: string) => vi.waitFor(() => expect(ears.open?.kind).toBe(kind));
const autofill = async () => {
  passkeys.startAutofill((problem) => told.push(problem));
  await asked("silent get");
};

describe("autofill", () => {
  test("begins once, though the page asks for it twice and drops it in between", async () => {
    const tell = () => {};
    passkeys.startAutofill(tell);
    passkeys.stopAutofill();
    passkeys.startAutofill(tell);
    passkeys.startAutofill(tell);
    await asked("silent get");
    expect(ears.log).toEqual(["silent get"]);
    expect(calls.passkeySignInOptions).toHaveBeenCalledTimes(1);
  });

  test("signs in with what was chosen", async () => {
    await autofill();
    ears.open?.answer(assertion);
    await vi.waitFor(() => expect(calls.loginWithPasskey).toHaveBeenCalledTimes(1));
  });

  test("gives way to the button, and comes back when that is cancelled", async () => {
    await autofill();
    const signingIn = passkeys.signIn();
    await asked("get");
    ears.open?.fail("NotAllowedError");
    await expect(signingIn).rejects.toMatchObject({ code: "passkey_not_used" });
    await asked("silent get");
    expect(ears.log).toEqual(["silent get", "silent get aborted", "get", "silent get"]);
    expect(told).toEqual([]);
  });

  test("ends with its page, also while its options are on their way", async () => {
    let answer: (options: RequestOptions) => void = () => {};
    calls.passkeySignInOptions.mockImplementationOnce(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    passkeys.startAutofill(() => {});
    await vi.waitFor(() => expect(calls.passkeySignInOptions).toHaveBeenCalledTimes(1));
    passkeys.stopAutofill();
    answer(request);
    await Promise.resolve();
    expect(ears.log).toEqual([]);
  });

  test("has a fresh challenge before the old one is over, and only where somebody looks", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    await autofill();
    const visibility = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    await vi.advanceTimersByTimeAsync(290_000);
    expect(calls.passkeySignInOptions).toHaveBeenCalledTimes(1);
    visibility.mockReturnValue("visible");
    document.dispatchEvent(new Event("visibilitychange"));
    await vi.waitFor(() => expect(calls.passkeySignInOptions).toHaveBeenCalledTimes(2));
    await vi.advanceTimersByTimeAsync(250_000);
    await vi.waitFor(() => expect(calls.passkeySignInOptions).toHaveBeenCalledTimes(3));
    visibility.mockRestore();
  });

  test("survives an error, without a rush", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    await autofill();
    ears.open?.fail("NotAllowedError");
    await vi.advanceTimersByTimeAsync(500);
    expect(ears.open).toBeNull();
    await vi.advanceTimersByTimeAsync(2_000);
    await asked("silent get");
    expect(told).toEqual([]);
  });

  test("signals a passkey that nobody has, tells it, and then offers again", async () => {
    await autofill();
    calls.loginWithPasskey.mockRejectedValueOnce(new Problem("unknown_passkey", 401));
    ears.open?.answer(assertion);
    await vi.waitFor(() => expect(told.map((problem) => problem.code)).toEqual(["unknown_passkey"]));
    await asked("silent get");
    expect(ears.log).toEqual(["silent get", "signal unknown", "silent get"]);
  });

  test("signals nothing about a passkey that was refused for another reason", async () => {
    await autofill();
    calls.loginWithPasskey.mockRejectedValueOnce(new Problem("passkey_verification_failed", 400));
    ears.open?.answer(assertion);
    await vi.waitFor(() => expect(told).toHaveLength(1));
    await asked("silent get");
    expect(ears.log).toEqual(["silent get", "silent get"]);
  });
});

describe("a ceremony", () => {
  test("that a later one displaces says nothing", async () => {
    const first = passkeys.create();
    await asked("create");
    const second = passkeys.prove();
    await expect(first).rejects.toMatchObject({ code: "superseded", isSilent: true });
    await asked("get");
    ears.open?.answer(assertion);
    await second;
    expect(calls.reauthenticate).toHaveBeenCalledTimes(1);
  });

  test("goes ahead although the browser does not let go of the last one", async () => {
    const first = passkeys.create();
    await asked("create");
    ears.deaf = true;
    const second = passkeys.prove().catch((error) => error);
    await expect(first).rejects.toMatchObject({ code: "superseded" });
    expect(await second).toMatchObject({ code: "passkey_failed" });
  });
});

describe("signals", () => {
  test("come between two requests, and never into one", async () => {
    await autofill();
    await passkeys.signal(list, "a@example.com", "A");
    await asked("silent get");
    const making = passkeys.create();
    await asked("create");
    await passkeys.signal(list, "a@example.com", "A");
    ears.open?.answer(attestation);
    await making;
    await asked("silent get");
    expect(ears.log.filter((entry) => entry.includes("refused"))).toEqual([]);
    expect(ears.log.filter((entry) => entry.startsWith("signal"))).toEqual(["signal all", "signal details"]);
  });

  test("tell the newest list where several come at once", async () => {
    const newer = { ...list, passkeys: [{ credential_id: "BBBB" } as Passkey] };
    await Promise.all([passkeys.signal(list, "a", "a"), passkeys.signal(newer, "a", "a")]);
    expect(ears.log.filter((entry) => entry === "signal all").length).toBeGreaterThan(0);
  });
});

describe("a silent creation", () => {
  test("keeps quiet where the server says no", async () => {
    calls.passkeyUpgradeOptions.mockResolvedValueOnce(undefined);
    await passkeys.makeSilently();
    expect(ears.log).toEqual([]);
  });

  test("is told once it is done", async () => {
    const making = passkeys.makeSilently();
    await asked("silent create");
    expect(passkeys.upgrade.underWay).toBe(true);
    ears.open?.answer(attestation);
    await making;
    expect(passkeys.upgrade).toEqual({ underWay: false, made: { name: "Mine" } });
  });

  test("waits for signals that are on their way", async () => {
    let signalled: () => void = () => {};
    const slowly = vi.fn(
      () =>
        new Promise<void>((resolve) => {
          signalled = resolve;
        }),
    );
    Object.assign(PublicKeyCredential, { signalAllAcceptedCredentials: slowly });
    const signalling = passkeys.signal(list, "a", "a");
    await vi.waitFor(() => expect(slowly).toHaveBeenCalledTimes(1));
    const making = passkeys.makeSilently();
    await vi.waitFor(() => expect(calls.passkeyUpgradeOptions).toHaveBeenCalledTimes(1));
    expect(ears.open).toBeNull();
    signalled();
    await signalling;
    await asked("silent create");
    ears.open?.answer(attestation);
    await making;
    expect(passkeys.upgrade.made).toEqual({ name: "Mine" });
  });

  test("does not hang", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    ears.deaf = true;
    const making = passkeys.makeSilently();
    await asked("silent create");
    await vi.advanceTimersByTimeAsync(6_000);
    await making;
    expect(passkeys.upgrade).toEqual({ underWay: false, made: null });
    expect(calls.registerPasskey).not.toHaveBeenCalled();
  });
});
