import { useState } from "react";
import service from "../AuthService";
import { Problem } from "../api/problem";
import { t } from "../i18n";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { PasswordField } from "../ui/Field";
import { Message } from "../ui/Message";
import { useForm } from "../ui/useForm";

export function DeleteAccount({ email }: { email: string }) {
  const [open, setOpen] = useState(false);
  /** The ways to prove oneself the server asks for before it deletes; null until it asks. */
  const [methods, setMethods] = useState<readonly string[] | null>(null);

  function close() {
    setOpen(false);
    setMethods(null);
  }

  return (
    <>
      <div className="actions">
        <Button kind="danger" onClick={() => setOpen(true)}>
          {t.deletion.open}
        </Button>
      </div>
      {open && methods === null && <Confirm email={email} onClose={close} onProofWanted={setMethods} />}
      {open && methods !== null && <Reauthenticate email={email} methods={methods} onClose={close} />}
    </>
  );
}

interface ConfirmProps {
  email: string;
  onClose: () => void;
  onProofWanted: (methods: readonly string[]) => void;
}

function Confirm({ email, onClose, onProofWanted }: ConfirmProps) {
  const { busy, problem, form } = useForm({
    async send() {
      try {
        await service.deleteAccount();
      } catch (error) {
        const refusal = Problem.of(error);
        if (refusal.code !== "reauthentication_required") throw refusal;
        onProofWanted(refusal.methods);
      }
    },
  });
  return (
    <Dialog title={t.deletion.confirmTitle} onClose={onClose}>
      <form {...form}>
        <Message problem={problem} />
        <p>{t.deletion.ask(email)}</p>
        <div className="actions">
          <Button type="submit" kind="danger" busy={busy}>
            {busy ? t.deletion.busy : t.deletion.submit}
          </Button>
          <Button onClick={onClose}>{t.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}

interface ReauthenticateProps {
  email: string;
  methods: readonly string[];
  onClose: () => void;
}

function Reauthenticate({ email, methods, onClose }: ReauthenticateProps) {
  const { busy, errors, problem, form } = useForm({
    async send(data) {
      await service.reauthenticate(String(data.get("password")));
      await service.deleteAccount();
    },
    place: ({ code }) => (code === "invalid_credentials" ? { password: t.password.wrong } : null),
  });
  if (!methods.includes("password")) {
    return (
      <Dialog title={t.reauthenticate.title} onClose={onClose}>
        <p>{t.reauthenticate.noWay}</p>
        <div className="actions">
          <Button onClick={onClose}>{t.cancel}</Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={t.reauthenticate.title} onClose={onClose}>
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
          <Button type="submit" kind="danger" busy={busy}>
            {busy ? t.deletion.busy : t.deletion.submit}
          </Button>
          <Button onClick={onClose}>{t.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}
