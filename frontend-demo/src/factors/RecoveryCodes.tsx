import { exactDay, t } from "../i18n";
import { Button } from "../ui/Button";
import { Checkbox } from "../ui/Checkbox";
import { CopyButton } from "../ui/CopyButton";
import { Message } from "../ui/Message";
import { useForm } from "../ui/useForm";

interface Props {
  codes: readonly string[];
  email: string;
  onDone: () => Promise<void>;
}

/** Shown once: they can be copied, downloaded and printed, and the page asks whether one of that was done. */
export function RecoveryCodes({ codes, email, onDone }: Props) {
  const { busy, errors, problem, form } = useForm({ send: onDone });
  const title = t.recoveryCodes.of(email, exactDay(new Date().toISOString()));
  return (
    <>
      <p>{t.recoveryCodes.about}</p>
      <figure className="codes">
        <figcaption className="quiet">{title}</figcaption>
        <ul>
          {codes.map((code) => (
            <li key={code}>
              <code>{code}</code>
            </li>
          ))}
        </ul>
      </figure>
      <div className="actions">
        <CopyButton value={codes.join("\n")} text={t.recoveryCodes.copy} />
        <Button onClick={() => download(`${title}\n\n${codes.join("\n")}\n`)}>
          {t.recoveryCodes.download}
        </Button>
        <Button onClick={() => window.print()}>{t.recoveryCodes.print}</Button>
      </div>
      <form {...form}>
        <Message problem={problem} />
        <Checkbox label={t.recoveryCodes.saved} name="saved" required error={errors.saved} />
        <div className="actions">
          <Button type="submit" kind="primary" busy={busy}>
            {t.recoveryCodes.done}
          </Button>
        </div>
      </form>
    </>
  );
}

function download(text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = "recovery-codes.txt";
  link.click();
  URL.revokeObjectURL(link.href);
}
