import type { LoginResult } from "../api/types";
import passkeys from "../passkeys";

/**
 * After a sign-in with a password: a first passkey without a question, where that is possible. Where a trusted browser
 * stood in for the second factor it is not, the server asks for that one first.
 */
export function keepPasskey(answer: LoginResult): void {
  if (answer.status !== "authenticated") return;
  const { user, session } = answer;
  if (user.passkey_count === 0 && (session.aal > 1 || !user.totp_enabled)) void passkeys.makeSilently();
}
