import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SecureAuthService } from "./AuthService";
import { json, Locks, me, problem, Server, session, user } from "./testServer";

let server: Server;
let service: SecureAuthService;

beforeEach(async () => {
  localStorage.clear();
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
  Object.defineProperty(navigator, "locks", { value: new Locks(), configurable: true });
  service = new SecureAuthService();
  await service.start();
});

afterEach(() => {
  service.stop();
  vi.unstubAllGlobals();
});

describe("a second step", () => {
  const asked = { status: "second_factor_required", mfa_token: "m1", expires_in: 300, methods: ["totp"] };
  const signedInAnswer = () => json({ status: "authenticated", ...server.token(), user, session });

  beforeEach(() => {
    server.routes["POST /auth/login"] = () => json(asked);
  });

  test("is asked for before anybody is signed in", async () => {
    expect(await service.login("a@example.com", "correct horse battery")).toEqual(asked);
    expect(service.state.status).toBe("signed-out");
    expect(localStorage.getItem("auth:hint")).toBeNull();
  });

  test("by code signs in, and trusts the browser where that was asked for", async () => {
    let sent: unknown;
    server.routes["POST /auth/login/totp"] = ({ body }) => {
      sent = JSON.parse(String(body));
      return signedInAnswer();
    };
    await service.loginWithCode("m1", "123456", true);
    expect(sent).toEqual({ mfa_token: "m1", code: "123456", trust_browser: true });
    expect(service.state).toMatchObject({ status: "signed-in", me, notice: null });
    expect(server.tokens).toEqual([null]);
  });

  test("by recovery code says so on the next page", async () => {
    server.routes["POST /auth/login/recovery-code"] = signedInAnswer;
    await service.loginWithRecoveryCode("m1", "ABCD");
    expect(service.state).toMatchObject({ status: "signed-in", notice: "recovery-code-used" });
  });

  test("with a wrong code tells how wrong the clock is", async () => {
    server.routes["POST /auth/login/totp"] = () => json({ code: "invalid_code", clock_drift: -120 }, 401);
    const refusal = await service.loginWithCode("m1", "123456", false).catch((error) => error);
    expect(refusal).toMatchObject({ code: "invalid_code", clockDrift: -120, isCalm: false });
    expect(service.state.status).toBe("signed-out");
  });

  test("that comes too late is told calmly", async () => {
    server.routes["POST /auth/login/totp"] = () => problem(401, "invalid_mfa_token");
    await expect(service.loginWithCode("m1", "123456", false)).rejects.toMatchObject({ isCalm: true });
    expect(server.count("POST /auth/refresh")).toBe(0);
  });

  test("that has to be added first goes with the token of the enrolment, and signs in when told to", async () => {
    const offer = { secret: "ABCD", otpauth_uri: "otpauth://x", qr_svg: "<svg/>", expires_in: 900 };
    const signIn = { status: "authenticated" as const, ...server.token(), user, session };
    server.routes["POST /auth/totp/enroll"] = () => json(offer);
    server.routes["POST /auth/totp/activate"] = () => json({ recovery_codes: ["A"], sign_in: signIn });
    expect(await service.enrolTotp("enrol_1")).toEqual(offer);
    const answer = await service.activateTotp("123456", "enrol_1");
    expect(server.tokens).toEqual(["Bearer enrol_1", "Bearer enrol_1"]);
    expect(service.state.status).toBe("signed-out");
    if (answer.sign_in) await service.enter(answer.sign_in);
    expect(service.state).toMatchObject({ status: "signed-in", me });
  });
});

describe("two-factor in the account", () => {
  beforeEach(async () => {
    await service.login("a@example.com", "correct horse battery");
    server.calls.length = 0;
    server.tokens.length = 0;
  });

  test("goes with the access token", async () => {
    server.routes["POST /auth/totp/enroll"] = () => json({ secret: "ABCD" });
    server.routes["POST /auth/totp/activate"] = () => json({ recovery_codes: ["A"] });
    server.routes["POST /auth/recovery-codes"] = () => json({ recovery_codes: ["B"] });
    server.routes["GET /auth/trusted-browsers"] = () => json({ trusted_browsers: [{ id: "t1" }] });
    const done = () => new Response(null, { status: 204 });
    server.routes["DELETE /auth/trusted-browsers/t1"] = done;
    server.routes["DELETE /auth/totp"] = done;
    await service.enrolTotp();
    expect(await service.activateTotp("123456")).toEqual({ recovery_codes: ["A"] });
    expect(await service.replaceRecoveryCodes()).toEqual(["B"]);
    expect(await service.listTrustedBrowsers()).toEqual([{ id: "t1" }]);
    await service.removeTrustedBrowser("t1");
    await service.disableTotp();
    expect(new Set(server.tokens)).toEqual(new Set(["Bearer token-1"]));
    expect(server.calls).toHaveLength(6);
  });

  test("that needs a fresh proof says by what, and a code is one", async () => {
    const refusal = { code: "reauthentication_required", methods: ["passkey", "totp"] };
    server.routes["DELETE /auth/totp"] = () => json(refusal, 403);
    await expect(service.disableTotp()).rejects.toMatchObject(refusal);
    server.routes["POST /auth/reauthenticate"] = () => json(server.token());
    server.routes["DELETE /auth/totp"] = () => new Response(null, { status: 204 });
    await service.reauthenticate({ method: "totp", code: "123456" });
    await service.disableTotp();
    expect(server.tokens).toEqual(["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
  });
});
