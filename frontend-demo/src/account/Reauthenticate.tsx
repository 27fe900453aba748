import type { ReactNode } from "react";
import { useState } from "react";
import service from "../AuthService";
import { Problem } from "../api/problem";
import { t } from "../i18n";
import passkeys from "../passkeys";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { PasswordField } from "../ui/Field";
import { Message } from "../ui/Message";
import { useForm } from "../ui/useForm";

/** What goes on after the proof, and how the button for it reads. */
interface Action {
  text: string;
  busy: string;
  kind?: "primary" | "danger";
  work: () => Promise<void>;
}

/**
 * Runs what needs a recent proof. Where the server asks for one, `dialog` does so, and the action then goes on by
 * itself: whatever follows it belongs into its `work`.
 */
export function useRecentProof(email: string): {
  dialog: ReactNode;
  recently: (action: Action) => Promise<void>;
} {
  const [wanted, setWanted] = useState<{ action: Action; methods: readonly string[] } | null>(null);

  async function recently(action: Action) {
    try {
      await action.work();
    } catch (error) {
      const refusal = Problem.of(error);
      if (refusal.code !== "reauthentication_required") throw refusal;
      setWanted({ action, methods: refusal.methods });
    }
  }

  const dialog = wanted && <Reauthenticate email={email} {...wanted} onClose={() => setWanted(null)} />;
  return { dialog, recently };
}

interface Props {
  email: string;
  action: Action;
  methods: readonly string[];
  onClose: () => void;
}

function Reauthenticate({ email, action, methods, onClose }: Props) {
  const byPasskey = methods.includes("passkey") && passkeys.supported;
  const byPassword = methods.includes("password");
  return (
    <Dialog title={t.reauthenticate.title} onClose={onClose}>
      {byPasskey && <ByPasskey action={action} onClose={onClose} />}
      {byPassword && <ByPassword email={email} action={action} onClose={onClose} />}
      {!byPasskey && !byPassword && (
        <>
          <p>{t.reauthenticate.noWay}</p>
          <div className="actions">
            <Button onClick={onClose}>{t.cancel}</Button>
          </div>
        </>
      )}
    </Dialog>
  );
}

function ByPasskey({ action, onClose }: Pick<Props, "action" | "onClose">) {
  const { busy, problem, form } = useForm({
    async send() {
      await passkeys.prove();
      await action.work();
      onClose();
    },
  });
  return (
    <form {...form}>
      <Message problem={problem} />
      <p>{t.reauthenticate.askPasskey}</p>
      <div className="actions">
        <Button type="submit" kind="primary" busy={busy}>
          {busy ? t.reauthenticate.busy : t.reauthenticate.usePasskey}
        </Button>
        <Button onClick={onClose}>{t.cancel}</Button>
      </div>
    </form>
  );
}

function ByPassword({ email, action, onClose }: Pick<Props, "email" | "action" | "onClose">) {
  const { busy, errors, problem, form } = useForm({
    async send(data) {
      await service.reauthenticate({ method: "password", password: String(data.get("password")) });
      await action.work();
      onClose();
    },
    place: ({ code }) => (code === "invalid_credentials" ? { password: t.password.wrong } : null),
  });
  return (
    <form {...form}>
      <Message problem={problem} />
      <p>{t.reauthenticate.ask}</p>
      <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
      <PasswordField
        label={t.fields.password}
        name="password"
        autoComplete="current-password"
        error={errors.password}
      />
      <div className="actions">
        <Button type="submit" kind={action.kind ?? "primary"} busy={busy}>
          {busy ? action.busy : action.text}
        </Button>
        <Button onClick={onClose}>{t.cancel}</Button>
      </div>
    </form>
  );
}
