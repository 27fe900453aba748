import type { TotpEnrolment as Offer } from "../api/types";
import { t, textOf } from "../i18n";
import { Button } from "../ui/Button";
import { CodeField } from "../ui/CodeField";
import { CopyButton } from "../ui/CopyButton";
import { Message } from "../ui/Message";
import { useForm } from "../ui/useForm";

interface Props {
  offer: Offer;
  onCode: (code: string) => Promise<void>;
  onCancel: () => void;
}

/** The secret on its way into an app, and the first code as the receipt. */
export function TotpEnrolment({ offer, onCode, onCancel }: Props) {
  const { busy, errors, problem, form } = useForm({
    send: (data) => onCode(String(data.get("code"))),
    place(refusal) {
      if (refusal.code === "invalid_code") return { code: textOf(refusal) };
      return refusal.code === "conflict" ? { code: t.twoFactor.over } : null;
    },
  });
  const key = offer.secret.replace(/.{4}(?!$)/g, "$& ");
  return (
    <>
      <p>{t.twoFactor.scan}</p>
      <img
        className="qr"
        src={`data:image/svg+xml,${encodeURIComponent(offer.qr_svg)}`}
        alt={t.twoFactor.qr}
      />
      <p className="on-touch">
        <a href={offer.otpauth_uri}>{t.twoFactor.open}</a>
      </p>
      <div className="key">
        <p className="quiet">{t.twoFactor.key}</p>
        <code>{key}</code>
        <div className="actions">
          <CopyButton value={offer.secret} text={t.twoFactor.copyKey} />
        </div>
      </div>
      <form {...form}>
        <Message problem={problem} />
        <CodeField hint={t.twoFactor.codeHint} error={errors.code} sends />
        <div className="actions">
          <Button type="submit" kind="primary" busy={busy}>
            {busy ? t.twoFactor.activating : t.twoFactor.activate}
          </Button>
          <Button onClick={onCancel}>{t.cancel}</Button>
        </div>
      </form>
    </>
  );
}
