import type { ReactNode } from "react";
import { useState } from "react";
import service from "../AuthService";
import { Problem } from "../api/problem";
import { t, textOf } from "../i18n";
import passkeys from "../passkeys";
import { Button } from "../ui/Button";
import { CodeField } from "../ui/CodeField";
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

interface FormProps {
  action: Action;
  /** After the action. */
  onDone: () => void;
  cancel: ReactNode;
}

function Reauthenticate({ email, action, methods, onClose }: Props) {
  const byPasskey = methods.includes("passkey") && passkeys.supported;
  const byCode = methods.includes("totp");
  const byPassword = methods.includes("password");
  const cancel = <Button onClick={onClose}>{t.cancel}</Button>;
  const common = { action, onDone: onClose };
  return (
    <Dialog title={t.reauthenticate.title} onClose={onClose}>
      {byPasskey && <ByPasskey {...common} cancel={!byCode && cancel} />}
      {byPasskey && byCode && <p className="or">{t.login.or}</p>}
      {byCode && <ByCode beside={byPasskey} {...common} cancel={cancel} />}
      {byPassword && <ByPassword email={email} {...common} cancel={cancel} />}
      {!byPasskey && !byCode && !byPassword && (
        <>
          <p>{t.reauthenticate.noWay}</p>
          <div className="actions">{cancel}</div>
        </>
      )}
    </Dialog>
  );
}

function ByPasskey({ action, onDone, cancel }: FormProps) {
  const { busy, problem, form } = useForm({
    async send() {
      await passkeys.prove();
      await action.work();
      onDone();
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
        {cancel}
      </div>
    </form>
  );
}

function ByCode({ beside, action, onDone, cancel }: FormProps & { beside: boolean }) {
  const { busy, errors, problem, form } = useForm({
    async send(data) {
      await service.reauthenticate({ method: "totp", code: String(data.get("code")) });
      await action.work();
      onDone();
    },
    place: (refusal) => (refusal.code === "invalid_code" ? { code: textOf(refusal) } : null),
  });
  return (
    <form {...form}>
      <Message problem={problem} />
      <p>{t.reauthenticate.askCode}</p>
      <CodeField hint={t.reauthenticate.lostApp} error={errors.code} sends={action.kind !== "danger"} />
      <div className="actions">
        <Button type="submit" kind={action.kind ?? (beside ? "plain" : "primary")} busy={busy}>
          {busy ? action.busy : action.text}
        </Button>
        {cancel}
      </div>
    </form>
  );
}

function ByPassword({ email, action, onDone, cancel }: FormProps & { email: string }) {
  const { busy, errors, problem, form } = useForm({
    async send(data) {
      await service.reauthenticate({ method: "password", password: String(data.get("password")) });
      await action.work();
      onDone();
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
        {cancel}
      </div>
    </form>
  );
}
