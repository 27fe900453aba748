import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import service from "../AuthService";
import { Problem } from "../api/problem";
import type { Me, PasskeyList } from "../api/types";
import passkeys, { type Upgrade } from "../passkeys";

export interface Passkeys {
  /** Null until the server has answered. */
  list: PasskeyList | null;
  problem: Problem | null;
  upgrade: Upgrade;
  /** Rejects with a `Problem`. */
  reload: () => Promise<void>;
  retry: () => void;
}

/** The person's passkeys as the server has them; password managers hear of every new answer, and of a new name. */
export function usePasskeyList(me: Me): Passkeys {
  const [list, setList] = useState<PasskeyList | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const upgrade = useSyncExternalStore(passkeys.subscribe, () => passkeys.upgrade);
  const { email, display_name: displayName } = me;

  const reload = useCallback(async () => {
    const answer = await service.listPasskeys();
    // Somebody else may have signed in while the answer was on its way: it is not about this person then.
    if (service.state.me?.id === me.id) setList(answer);
  }, [me.id]);

  const retry = useCallback(() => {
    setProblem(null);
    reload().catch((error) => setProblem(Problem.of(error)));
  }, [reload]);

  // While a passkey is made silently, the list is about to change.
  useEffect(() => {
    if (!upgrade.underWay) retry();
  }, [upgrade, retry]);

  useEffect(() => {
    if (list) void passkeys.signal(list, email, displayName || email);
  }, [list, email, displayName]);

  return { list, problem, upgrade, reload, retry };
}
