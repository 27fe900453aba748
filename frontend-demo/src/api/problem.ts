/** Every `code` of the contract's error table, then this page's own for what no server said. */
export const codes = [
  "validation_error",
  "malformed_request",
  "password_rejected",
  "passkey_verification_failed",
  "invalid_or_expired_token",
  "invalid_credentials",
  "invalid_token",
  "session_revoked",
  "invalid_refresh_token",
  "refresh_token_reused",
  "invalid_code",
  "invalid_mfa_token",
  "unknown_passkey",
  "origin_not_allowed",
  "reauthentication_required",
  "email_not_verified",
  "account_disabled",
  "forbidden",
  "not_found",
  "method_not_allowed",
  "conflict",
  "last_sign_in_method",
  "payload_too_large",
  "unsupported_media_type",
  "rate_limited",
  "service_unavailable",
  "hashing_capacity_exceeded",
  "unreachable",
  "cookie_not_kept",
  "passkey_not_created",
  "passkey_not_created_or_there",
  "passkey_there",
  "passkey_not_used",
  "passkey_timed_out",
  "passkey_not_possible_here",
  "passkey_not_usable_here",
  "passkey_address_wrong",
  "passkey_failed",
  "superseded",
  "unexpected",
] as const;

export type Code = (typeof codes)[number];

/** The person changed their mind, or there is nothing to do: told calmly, not as an alarm. */
const calm: ReadonlySet<Code> = new Set([
  "passkey_not_created",
  "passkey_not_created_or_there",
  "passkey_there",
  "passkey_not_used",
  "passkey_timed_out",
  "invalid_mfa_token",
]);

export interface FieldError {
  field: string;
  message: string;
}

interface Details {
  detail?: string;
  errors?: FieldError[];
  methods?: string[];
  reason?: string;
  retryAfter?: number;
  clockDrift?: number;
}

/** A refusal as RFC 9457 tells it, or `unreachable` where no answer came. Switch on `code`. */
export class Problem extends Error {
  readonly code: Code;
  readonly status: number;
  /** One entry for each field of a `validation_error`. */
  readonly errors: readonly FieldError[];
  /** With `reauthentication_required`: the ways in which this person can prove themself now. */
  readonly methods: readonly string[];
  /** With `password_rejected`: why. */
  readonly reason: string | null;
  /** Seconds to wait, where the server says so (`Retry-After`). */
  readonly retryAfter: number | null;
  /** With `invalid_code`, where it is right at another time: seconds by which its clock is ahead (negative: behind). */
  readonly clockDrift: number | null;

  constructor(code: Code, status: number, details: Details = {}) {
    super(details.detail ?? code);
    this.name = "Problem";
    this.code = code;
    this.status = status;
    this.errors = details.errors ?? [];
    this.methods = details.methods ?? [];
    this.reason = details.reason ?? null;
    this.retryAfter = details.retryAfter ?? null;
    this.clockDrift = details.clockDrift ?? null;
  }

  get isCalm(): boolean {
    return calm.has(this.code);
  }

  /** This page itself ended the attempt, because something else came first: nothing to tell anybody. */
  get isSilent(): boolean {
    return this.code === "superseded";
  }

  static of(error: unknown): Problem {
    return error instanceof Problem ? error : new Problem("unexpected", 0, { detail: String(error) });
  }

  /** Reads a clone, so that the caller still has the body. A proxy's HTML error page is a problem too. */
  static async from(response: Response): Promise<Problem> {
    let body: Record<string, unknown> = {};
    try {
      body = Object(await response.clone().json());
    } catch {
      // No JSON: the status has to do.
    }
    const known = codes.find((code) => code === body.code);
    const fallback = response.status >= 502 && response.status <= 504 ? "service_unavailable" : "unexpected";
    const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
    return new Problem(known ?? fallback, response.status, {
      ...(typeof body.detail === "string" && { detail: body.detail }),
      ...(typeof body.reason === "string" && { reason: body.reason }),
      ...(Array.isArray(body.errors) && { errors: body.errors as FieldError[] }),
      ...(Array.isArray(body.methods) && { methods: body.methods as string[] }),
      ...(typeof body.clock_drift === "number" && { clockDrift: body.clock_drift }),
      ...(seconds >= 0 && { retryAfter: seconds }),
    });
  }
}
