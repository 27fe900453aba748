import { useCallback, useState } from "react";
import { Problem } from "../api/problem";

/** What buttons outside of forms start: which one is busy, and how the last one ended. */
export function useTask() {
  const [busy, setBusy] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [news, setNews] = useState<string | null>(null);

  /** @param work resolves to the good news, or to null where there is none or it has been set already. */
  const run = useCallback(async (name: string, work: () => Promise<string | null>) => {
    setBusy(name);
    setProblem(null);
    setNews(null);
    try {
      const good = await work();
      if (good !== null) setNews(good);
    } catch (error) {
      setProblem(Problem.of(error));
    } finally {
      setBusy(null);
    }
  }, []);

  return { busy, problem, news, run, setProblem, setNews };
}
