import { useState } from "react";
import service from "../AuthService";
import type { Problem } from "../api/problem";
import { t, textOf } from "../i18n";
import { Button } from "../ui/Button";
import { PasswordField } from "../ui/Field";
import { Message } from "../ui/Message";
import { useForm } from "../ui/useForm";

function place(problem: Problem) {
  if (problem.code === "invalid_credentials") return { current_password: t.password.wrong };
  if (problem.code === "password_rejected") return { new_password: textOf(problem) };
  return null;
}

export function Password({ email }: { email: string }) {
  const [done, setDone] = useState(false);
  const { busy, errors, problem, form } = useForm({
    async send(data, element) {
      setDone(false);
      await service.changePassword(String(data.get("current_password")), String(data.get("new_password")));
      element.reset();
      setDone(true);
    },
    place,
  });
  return (
    <>
      <Message problem={problem} news={done && t.password.done} />
      <form {...form}>
        {/* Tells a password manager whose password changes. */}
        <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
        <PasswordField
          label={t.fields.currentPassword}
          name="current_password"
          autoComplete="current-password"
          error={errors.current_password}
        />
        <PasswordField
          label={t.fields.newPassword}
          name="new_password"
          autoComplete="new-password"
          hint={t.fields.passwordHint}
          error={errors.new_password}
        />
        <div className="actions">
          <Button type="submit" kind="primary" busy={busy}>
            {busy ? t.password.busy : t.password.submit}
          </Button>
        </div>
      </form>
    </>
  );
}
