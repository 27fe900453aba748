import { t } from "../i18n";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { Message } from "./Message";
import { useForm } from "./useForm";

interface Props {
  title: string;
  ask: string;
  submit: string;
  busyText: string;
  kind?: "primary" | "danger";
  onConfirmed: () => Promise<void>;
  onClose: () => void;
}

/** Asks once more before something happens; a refusal is told in the same dialog. */
export function Confirmation({ title, ask, submit, busyText, kind = "danger", onConfirmed, onClose }: Props) {
  const { busy, problem, form } = useForm({
    async send() {
      await onConfirmed();
      onClose();
    },
  });
  return (
    <Dialog title={title} onClose={onClose}>
      <form {...form}>
        <Message problem={problem} />
        <p>{ask}</p>
        <div className="actions">
          <Button type="submit" kind={kind} busy={busy}>
            {busy ? busyText : submit}
          </Button>
          <Button onClick={onClose}>{t.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}
