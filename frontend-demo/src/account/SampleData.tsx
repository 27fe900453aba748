import { useState } from "react";
import { authenticatedFetch } from "../AuthService";
import { Problem } from "../api/problem";
import { t, textOf } from "../i18n";
import { Button } from "../ui/Button";
import { Message } from "../ui/Message";

export function SampleData() {
  const [busy, setBusy] = useState(false);
  const [data, setData] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  async function load() {
    setBusy(true);
    setProblem(null);
    try {
      const response = await authenticatedFetch("/api/data").catch(() => {
        throw new Problem("unreachable", 0);
      });
      if (!response.ok) throw await Problem.from(response);
      setData(JSON.stringify(await response.json(), null, 2));
    } catch (error) {
      setProblem(textOf(Problem.of(error)));
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <Message problem={problem} />
      {data && (
        <figure>
          <figcaption className="quiet">{t.sample.answer}</figcaption>
          <pre>{data}</pre>
        </figure>
      )}
      <div className="actions">
        <Button busy={busy} onClick={() => void load()}>
          {busy ? t.sample.loading : t.sample.load}
        </Button>
      </div>
    </>
  );
}
