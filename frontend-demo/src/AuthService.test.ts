import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SecureAuthService } from "./AuthService";
import { Problem } from "./api/problem";
import { json, Locks, me, problem, Server } from "./testServer";

let server: Server;
let service: SecureAuthService;
const tabs: SecureAuthService[] = [];

function tab(): SecureAuthService {
  const one = new SecureAuthService();
  tabs.push(one);
  return one;
}

beforeEach(() => {
  localStorage.clear();
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
  Object.defineProperty(navigator, "locks", { value: new Locks(), configurable: true });
  service = tab();
});

afterEach(() => {
  for (const one of tabs.splice(0)) one.stop();
  vi.unstubAllGlobals();
});

async function signedIn(): Promise<void> {
  await service.start();
  await service.login("a@example.com", "correct horse battery");
  server.calls.length = 0;
  server.tokens.length = 0;
}

describe("a page load", () => {
  test("asks the server nothing where nobody has signed in", async () => {
    await service.start();
    expect(service.state.status).toBe("signed-out");
    expect(server.calls).toEqual([]);
  });

  test("picks the session up again", async () => {
    await signedIn();
    const reloaded = tab();
    await reloaded.start();
    expect(reloaded.state).toMatchObject({ status: "signed-in", me });
    expect(server.calls).toEqual(["POST /auth/refresh", "GET /auth/me"]);
  });

  test("forgets a session the server has ended", async () => {
    await signedIn();
    server.routes["POST /auth/refresh"] = () => problem(401, "session_revoked");
    const reloaded = tab();
    await reloaded.start();
    expect(reloaded.state).toMatchObject({ status: "signed-out", notice: "session-ended" });
    expect(localStorage.getItem("auth:hint")).toBeNull();
  });

  test("stays undecided while the server is away", async () => {
    await signedIn();
    server.routes["POST /auth/refresh"] = () => problem(503, "service_unavailable");
    const reloaded = tab();
    await reloaded.start();
    expect(reloaded.state).toMatchObject({ status: "starting", reachable: false });
    expect(localStorage.getItem("auth:hint")).not.toBeNull();
    server.routes["POST /auth/refresh"] = () => json(server.token());
    await reloaded.retry();
    expect(reloaded.state).toMatchObject({ status: "signed-in", reachable: true });
  });
});

describe("the access token", () => {
  test("is in no storage", async () => {
    await signedIn();
    expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toContain("token-");
    expect(document.cookie).not.toContain("token-");
  });

  test("goes with requests to this origin and to no other", async () => {
    await signedIn();
    server.routes["GET https://elsewhere.example/x"] = () => json({});
    await service.fetch("/api/data");
    await service.fetch("https://elsewhere.example/x");
    await service.fetch("//elsewhere.example/x").catch(() => null);
    expect(server.tokens).toEqual(["Bearer token-1", null, null]);
  });

  test("is renewed once for many requests when stale, whatever the wall clock says", async () => {
    await signedIn();
    const now = performance.now();
    vi.spyOn(performance, "now").mockImplementation(() => now + 271_000);
    const answers = await Promise.all(
      ["/api/data", "/api/data", "/api/data"].map((path) => service.fetch(path)),
    );
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    expect(server.count("POST /auth/refresh")).toBe(1);
    expect(server.tokens.slice(1)).toEqual(["Bearer token-2", "Bearer token-2", "Bearer token-2"]);
    vi.restoreAllMocks();
  });
});

describe("a refused request", () => {
  test("is repeated once after invalid_token", async () => {
    await signedIn();
    server.routes["GET /api/data"] = ({ headers }) =>
      headers.get("Authorization") === "Bearer token-2" ? json({}) : problem(401, "invalid_token");
    expect((await service.fetch("/api/data")).status).toBe(200);
    expect(server.calls).toEqual(["GET /api/data", "POST /auth/refresh", "GET /api/data"]);
  });

  test("is not repeated a second time", async () => {
    await signedIn();
    server.routes["GET /api/data"] = () => problem(401, "invalid_token");
    expect((await service.fetch("/api/data")).status).toBe(401);
    expect(server.count("GET /api/data")).toBe(2);
    expect(service.state.status).toBe("signed-in");
  });

  test("of another kind renews nothing and signs nobody out", async () => {
    await signedIn();
    server.routes["POST /auth/password/change"] = () => problem(401, "invalid_credentials");
    await expect(service.changePassword("x", "y")).rejects.toMatchObject({ code: "invalid_credentials" });
    expect(server.count("POST /auth/refresh")).toBe(0);
    expect(service.state.status).toBe("signed-in");
  });

  test("as session_revoked signs out without another attempt", async () => {
    await signedIn();
    server.routes["GET /api/data"] = () => problem(401, "session_revoked");
    expect((await service.fetch("/api/data")).status).toBe(401);
    expect(server.calls).toEqual(["GET /api/data"]);
    expect(service.state).toMatchObject({ status: "signed-out", notice: "session-ended" });
  });
});

describe("without a network", () => {
  test("a request rejects and the session stays", async () => {
    await signedIn();
    delete server.routes["GET /api/data"];
    await expect(service.fetch("/api/data")).rejects.toThrow(TypeError);
    expect(service.state).toMatchObject({ status: "signed-in", reachable: false });
  });

  test("calls reject with a problem of their own", async () => {
    await signedIn();
    delete server.routes["GET /auth/me"];
    const failure = await service.getMe().catch((error) => error);
    expect(failure).toBeInstanceOf(Problem);
    expect(failure.code).toBe("unreachable");
  });

  test("signing out works at once and is told to the server later", async () => {
    await signedIn();
    delete server.routes["POST /auth/logout"];
    await service.logout();
    expect(service.state.status).toBe("signed-out");
    server.routes["POST /auth/logout"] = () => new Response(null, { status: 204 });
    const reloaded = tab();
    await reloaded.start();
    expect(server.calls).toEqual(["POST /auth/logout", "POST /auth/logout"]);
    expect(localStorage.getItem("auth:hint")).toBeNull();
  });
});

describe("a sign-out", () => {
  test("makes a renewal that is still under way count for nothing", async () => {
    await signedIn();
    let answer: (response: Response) => void = () => {};
    server.routes["POST /auth/refresh"] = () =>
      new Promise<Response>((resolve) => {
        answer = resolve;
      });
    const renewal = service.refresh().catch((error) => error);
    await vi.waitFor(() => expect(server.count("POST /auth/refresh")).toBe(1));
    const leaving = service.logout();
    answer(json(server.token()));
    expect(await renewal).toBeInstanceOf(Problem);
    await leaving;
    expect(service.state.status).toBe("signed-out");
    await service.fetch("/api/data");
    expect(server.tokens.at(-1)).toBeNull();
  });

  test("in a tab that missed a later sign-in ends that one", async () => {
    await signedIn();
    localStorage.setItem("auth:hint", "later");
    await service.logout();
    expect(server.calls).toEqual(["POST /auth/logout"]);
    expect(server.tokens).toEqual([null]);
    expect(localStorage.getItem("auth:hint")).toBeNull();
  });

  test("reaches the other tab", async () => {
    await signedIn();
    const other = tab();
    await other.start();
    await service.logout();
    await vi.waitFor(() =>
      expect(other.state).toMatchObject({ status: "signed-out", notice: "signed-out-elsewhere" }),
    );
  });
});

test("a sign-in reaches the other tab with its token", async () => {
  const other = tab();
  await other.start();
  await signedIn();
  await vi.waitFor(() => expect(other.state).toMatchObject({ status: "signed-in", me }));
  await other.fetch("/api/data");
  expect(server.calls).toEqual(["GET /api/data"]);
  expect(server.tokens).toEqual(["Bearer token-1"]);
});

test("two tabs that renew at once send one request", async () => {
  await signedIn();
  const other = tab();
  await other.start();
  server.calls.length = 0;
  await Promise.all([service.refresh(), other.refresh()]);
  expect(server.count("POST /auth/refresh")).toBe(1);
});
