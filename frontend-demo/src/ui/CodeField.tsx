import { type ChangeEvent, useEffect, useRef } from "react";
import { t } from "../i18n";
import { Field } from "./Field";

const DIGITS = 6;

interface Props {
  error: string | undefined;
  hint?: string;
  /** Where the field is what the page is about: it takes the focus. */
  first?: boolean;
  /** Sends the form by itself once the code is complete: the first one only, so that a correction is not rushed. */
  sends?: boolean;
}

/** One field for the code of an authenticator app, however it is typed, pasted or filled in. */
export function CodeField({ error, hint, first = false, sends = false }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const sent = useRef(false);

  useEffect(() => {
    if (first) place.current?.querySelector("input")?.focus();
  }, [first]);

  // What is wrong is there to be typed over.
  useEffect(() => {
    if (error) place.current?.querySelector("input")?.select();
  }, [error]);

  function tidy({ currentTarget: input }: ChangeEvent<HTMLInputElement>) {
    const digits = input.value.normalize("NFKC").replace(/\D/g, "");
    if (digits !== input.value) input.value = digits;
    if (!sends || sent.current || digits.length !== DIGITS) return;
    sent.current = true;
    input.form?.requestSubmit();
  }

  return (
    <div ref={place}>
      <Field
        label={t.fields.code}
        name="code"
        inputMode="numeric"
        autoComplete="one-time-code"
        spellCheck={false}
        hint={hint}
        error={error}
        onChange={tidy}
      />
    </div>
  );
}
