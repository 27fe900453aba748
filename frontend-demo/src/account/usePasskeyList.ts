import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
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
  const wasUnderWay = useRef(false);
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

  useEffect(() => retry(), [retry]);

  // What was made silently is new to the list; and managers were told nothing while it was being made.
  useEffect(() => {
    if (wasUnderWay.current && !upgrade.underWay) retry();
    wasUnderWay.current = upgrade.underWay;
  }, [upgrade, retry]);

  useEffect(() => {
    if (list) void passkeys.signal(list, email, displayName || email);
  }, [list, email, displayName]);

  return { list, problem, upgrade, reload, retry };
}
