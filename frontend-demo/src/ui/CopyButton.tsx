import { useState } from "react";
import { t } from "../i18n";
import { Button } from "./Button";

/** Not there where the browser has no clipboard for this page: without HTTPS. */
export function CopyButton({ value, text }: { value: string; text: string }) {
  const [outcome, setOutcome] = useState<string | null>(null);
  if (!navigator.clipboard) return null;
  return (
    <>
      <Button
        onClick={() => {
          setOutcome(null);
          navigator.clipboard.writeText(value).then(
            () => setOutcome(t.copied),
            () => setOutcome(t.notCopied),
          );
        }}
      >
        {text}
      </Button>
      <span role="status" className="copied">
        {outcome}
      </span>
    </>
  );
}
