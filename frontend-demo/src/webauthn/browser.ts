/** What newer browsers do beyond the ceremonies. Everything here is best effort: it resolves, whatever happens. */
import { sendSignal } from "@simplewebauthn/browser";
import type { PasskeyList } from "../api/types";

const SIGNAL_LIMIT_MS = 1_000;

interface Abilities {
  getClientCapabilities?: () => Promise<Record<string, boolean>>;
  signalAllAcceptedCredentials?: unknown;
  signalCurrentUserDetails?: unknown;
  signalUnknownCredential?: unknown;
}

function abilities(): Abilities {
  return (globalThis as { PublicKeyCredential?: Abilities }).PublicKeyCredential ?? {};
}

/** Whether a passkey can be made without a dialog, in the password manager that has just filled in the password. */
export async function supportsSilentCreation(): Promise<boolean> {
  try {
    return (await abilities().getClientCapabilities?.())?.conditionalCreate === true;
  } catch {
    return false;
  }
}

export async function signalAccepted(list: PasskeyList, name: string, displayName: string): Promise<void> {
  const { rp_id: rpID, user_handle: userID } = list;
  if (abilities().signalAllAcceptedCredentials) {
    const allAcceptedCredentialIDs = list.passkeys.map((passkey) => passkey.credential_id);
    await bestEffort(
      sendSignal({ signalName: "allAcceptedCredentials", rpID, userID, allAcceptedCredentialIDs }),
    );
  }
  if (abilities().signalCurrentUserDetails) {
    const userDisplayName = displayName;
    await bestEffort(
      sendSignal({ signalName: "currentUserDetails", rpID, userID, userName: name, userDisplayName }),
    );
  }
}

/** Only where the server has said that nobody has this passkey: the manager deletes it. */
export async function signalUnknown(rpID: string, credentialID: string): Promise<void> {
  if (!abilities().signalUnknownCredential) return;
  await bestEffort(sendSignal({ signalName: "unknownCredential", rpID, credentialID }));
}

async function bestEffort(signal: Promise<unknown>): Promise<void> {
  const limit = new Promise((resolve) => setTimeout(resolve, SIGNAL_LIMIT_MS));
  await Promise.race([signal.catch(() => null), limit]);
}
