import { useState } from "react";
import service from "../AuthService";
import type { Problem } from "../api/problem";
import type { Me } from "../api/types";
import { t, textOf } from "../i18n";
import { Button } from "../ui/Button";
import { PasswordField } from "../ui/Field";
import { Message } from "../ui/Message";
import { useForm } from "../ui/useForm";
import { useRecentProof } from "./Reauthenticate";

function place(problem: Problem) {
  if (problem.code === "invalid_credentials") return { current_password: t.password.wrong };
  if (problem.code === "password_rejected") return { new_password: textOf(problem) };
  return null;
}

export function Password({ me }: { me: Me }) {
  const [done, setDone] = useState<string | null>(null);
  const { dialog, recently } = useRecentProof(me.email);
  const { busy, errors, problem, form } = useForm({
    async send(data, element) {
      setDone(null);
      const password = String(data.get("new_password"));
      if (me.has_password) {
        await service.changePassword(String(data.get("current_password")), password);
        element.reset();
        setDone(t.password.done);
        return;
      }
      const work = async () => {
        await service.addPassword(password);
        await service.getMe();
        element.reset();
        setDone(t.password.added);
      };
      await recently({ text: t.password.add, busy: t.password.adding, work });
    },
    place,
  });
  const [text, busyText] = me.has_password
    ? [t.password.submit, t.password.busy]
    : [t.password.add, t.password.adding];
  return (
    <>
      <Message problem={problem} news={done} />
      <form {...form}>
        {/* Tells a password manager whose password changes. */}
        <input type="email" name="username" autoComplete="username" value={me.email} readOnly hidden />
        {me.has_password && (
          <PasswordField
            label={t.fields.currentPassword}
            name="current_password"
            autoComplete="current-password"
            error={errors.current_password}
          />
        )}
        <PasswordField
          label={t.fields.newPassword}
          name="new_password"
          autoComplete="new-password"
          hint={t.fields.passwordHint}
          error={errors.new_password}
        />
        <div className="actions">
          <Button type="submit" kind="primary" busy={busy}>
            {busy ? busyText : text}
          </Button>
        </div>
      </form>
      {dialog}
    </>
  );
}
