import { useEffect, useRef } from "react";
import service from "../AuthService";
import { t } from "../i18n";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Message } from "../ui/Message";
import { useForm } from "../ui/useForm";
import type { FormProps } from "./CodeForm";
import { unlessOver } from "./unlessOver";

/** For somebody whose app is lost. */
export function RecoveryCodeForm({ token, beside, onOver }: FormProps) {
  const place = useRef<HTMLFormElement>(null);
  const { busy, errors, problem, form } = useForm({
    send: (data) =>
      unlessOver(onOver, async () => {
        await service.loginWithRecoveryCode(token, String(data.get("code")));
      }),
    place: ({ code }) => (code === "invalid_code" ? { code: t.recoveryCodes.wrong } : null),
  });

  useEffect(() => {
    if (!beside) place.current?.querySelector("input")?.focus();
  }, [beside]);

  return (
    <form {...form} ref={place}>
      <Message problem={problem} />
      <Field
        label={t.fields.recoveryCode}
        name="code"
        autoComplete="off"
        autoCapitalize="characters"
        autoCorrect="off"
        spellCheck={false}
        hint={t.recoveryCodes.hint}
        error={errors.code}
      />
      <Button type="submit" kind={beside ? "plain" : "primary"} busy={busy}>
        {busy ? t.login.busy : t.login.submit}
      </Button>
      <p className="quiet">{t.recoveryCodes.none}</p>
    </form>
  );
}
