import { useEffect, useRef, useState } from "react";
import service from "../AuthService";
import type { Passkey } from "../api/types";
import { t } from "../i18n";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { PasskeyIcon } from "../ui/icons";
import { Message } from "../ui/Message";
import { Time } from "../ui/Time";
import { useForm } from "../ui/useForm";

interface Props {
  passkey: Passkey;
  onRenamed: () => Promise<void>;
  onRemove: () => void;
}

export function PasskeyItem({ passkey, onRenamed, onRemove }: Props) {
  const [renaming, setRenaming] = useState(false);
  const { name, provider } = passkey;
  const row = useRef<HTMLLIElement>(null);
  const opened = useRef(false);

  // The focus goes into the form when it opens, and back to its button when it closes.
  useEffect(() => {
    if (renaming || opened.current) row.current?.querySelector<HTMLElement>("input, button")?.focus();
    opened.current = renaming;
  }, [renaming]);

  return (
    <li ref={row}>
      <PasskeyIcon />
      {renaming ? (
        <NameForm
          passkey={passkey}
          onDone={async (changed) => {
            if (changed) await onRenamed();
            setRenaming(false);
          }}
        />
      ) : (
        <div className="about">
          <p>
            <strong>{name}</strong>
            <span className="badge plain">{passkey.backed_up ? t.passkeys.synced : t.passkeys.single}</span>
            {passkey.suspected && <span className="badge">{t.passkeys.suspected}</span>}
          </p>
          <p className="quiet">
            {provider && !name.startsWith(provider) && <span>{provider}</span>}
            <Time value={passkey.created_at} text={t.passkeys.created} />
            {passkey.last_used_at ? (
              <Time value={passkey.last_used_at} text={t.passkeys.lastUsed} />
            ) : (
              <span>{t.passkeys.neverUsed}</span>
            )}
          </p>
          {passkey.suspected && <p className="quiet">{t.passkeys.suspectedHint}</p>}
        </div>
      )}
      {!renaming && (
        <div className="actions">
          <Button label={t.passkeys.renameName(name)} onClick={() => setRenaming(true)}>
            {t.passkeys.rename}
          </Button>
          <Button label={t.passkeys.removeName(name)} onClick={onRemove}>
            {t.passkeys.remove}
          </Button>
        </div>
      )}
    </li>
  );
}

function NameForm({ passkey, onDone }: { passkey: Passkey; onDone: (changed: boolean) => Promise<void> }) {
  const { busy, errors, problem, form } = useForm({
    async send(data) {
      await service.renamePasskey(passkey.id, String(data.get("name")).trim());
      await onDone(true);
    },
  });
  return (
    <form {...form} className="inline">
      <Message problem={problem} />
      <Field
        label={t.passkeys.name}
        name="name"
        autoComplete="off"
        maxLength={64}
        defaultValue={passkey.name}
        error={errors.name}
      />
      <div className="actions">
        <Button type="submit" kind="primary" busy={busy}>
          {busy ? t.passkeys.saving : t.passkeys.save}
        </Button>
        <Button onClick={() => void onDone(false)}>{t.cancel}</Button>
      </div>
    </form>
  );
}
