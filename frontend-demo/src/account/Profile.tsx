import { useEffect, useRef, useState } from "react";
import service from "../AuthService";
import type { Me } from "../api/types";
import { exactDay, t } from "../i18n";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Message } from "../ui/Message";
import { useForm } from "../ui/useForm";

export function Profile({ me }: { me: Me }) {
  const [editing, setEditing] = useState(false);
  const [saved, setSaved] = useState(false);
  const row = useRef<HTMLElement>(null);
  const opened = useRef(false);

  // The focus goes into the form when it opens, and back to its button when it closes.
  useEffect(() => {
    if (editing || opened.current) row.current?.querySelector<HTMLElement>("input, button")?.focus();
    opened.current = editing;
  }, [editing]);

  return (
    <>
      <dl className="facts">
        <div>
          <dt>{t.fields.email}</dt>
          <dd>
            <span className="email">{me.email}</span>
            <span className={me.email_verified ? "badge good" : "badge"}>
              {me.email_verified ? t.profile.verified : t.profile.unverified}
            </span>
          </dd>
        </div>
        <div>
          <dt>{t.fields.displayName}</dt>
          <dd ref={row}>
            {editing ? (
              <NameForm
                name={me.display_name ?? ""}
                onDone={(changed) => {
                  setEditing(false);
                  setSaved(changed);
                }}
              />
            ) : (
              <>
                <span className={me.display_name ? undefined : "quiet"}>
                  {me.display_name || t.profile.noName}
                </span>
                <Button
                  label={t.profile.editName}
                  onClick={() => {
                    setEditing(true);
                    setSaved(false);
                  }}
                >
                  {t.profile.edit}
                </Button>
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>{t.profile.since}</dt>
          <dd>
            <time dateTime={me.created_at}>{exactDay(me.created_at)}</time>
          </dd>
        </div>
      </dl>
      <Message news={saved && t.profile.saved} />
    </>
  );
}

function NameForm({ name, onDone }: { name: string; onDone: (changed: boolean) => void }) {
  const { busy, errors, problem, form } = useForm({
    async send(data) {
      await service.updateProfile({ display_name: String(data.get("display_name")).trim() || null });
      onDone(true);
    },
  });
  return (
    <form {...form} className="inline">
      <Message problem={problem} />
      <Field
        label={t.fields.displayName}
        name="display_name"
        autoComplete="name"
        maxLength={100}
        defaultValue={name}
        optional
        error={errors.display_name}
      />
      <div className="actions">
        <Button type="submit" kind="primary" busy={busy}>
          {busy ? t.profile.saving : t.profile.save}
        </Button>
        <Button onClick={() => onDone(false)}>{t.cancel}</Button>
      </div>
    </form>
  );
}
