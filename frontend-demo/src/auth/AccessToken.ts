import type { FreshToken } from "../api/types";

const EARLY_SECONDS = 30;

export interface AccessToken {
  readonly value: string;
  /** From when on to renew it, on `performance.now()`: a wrong wall clock must not matter. */
  readonly staleAt: number;
}

/** @param began when it was asked for, on `performance.now()`. */
export function timed(fresh: FreshToken, began: number): AccessToken {
  const early = Math.min(EARLY_SECONDS, fresh.expires_in / 2);
  return { value: fresh.access_token, staleAt: began + (fresh.expires_in - early) * 1000 };
}

/** Tabs have no clock in common, so a token travels with what is left of its time, in milliseconds. */
export function packed(token: AccessToken): { token: string; lifetime: number } {
  return { token: token.value, lifetime: token.staleAt - performance.now() };
}

export function unpacked({ token, lifetime }: { token: string; lifetime: number }): AccessToken {
  return { value: token, staleAt: performance.now() + lifetime };
}

export function isStale(token: AccessToken): boolean {
  return performance.now() >= token.staleAt;
}
