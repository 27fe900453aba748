import { useState } from "react";
import service from "../AuthService";
import { t } from "../i18n";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Message } from "../ui/Message";
import { useForm } from "../ui/useForm";
import { useRecentProof } from "./Reauthenticate";

export function DeleteAccount({ email }: { email: string }) {
  const [open, setOpen] = useState(false);
  const { dialog, recently } = useRecentProof(email);
  return (
    <>
      <div className="actions">
        <Button kind="danger" onClick={() => setOpen(true)}>
          {t.deletion.open}
        </Button>
      </div>
      {open && (
        <Confirm
          email={email}
          onClose={() => setOpen(false)}
          onConfirmed={async () => {
            await recently({
              text: t.deletion.submit,
              busy: t.deletion.busy,
              kind: "danger",
              work: () => service.deleteAccount(),
            });
            setOpen(false);
          }}
        />
      )}
      {dialog}
    </>
  );
}

interface ConfirmProps {
  email: string;
  onClose: () => void;
  onConfirmed: () => Promise<void>;
}

function Confirm({ email, onClose, onConfirmed }: ConfirmProps) {
  const { busy, problem, form } = useForm({ send: onConfirmed });
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
