import { useState } from "react";
import service from "./AuthService";
import type { Problem } from "./api/problem";
import type { SecondFactorRequired } from "./api/types";
import { t, textOf } from "./i18n";
import passkeys from "./passkeys";
import { Link, navigate } from "./router";
import { SecondStep } from "./signin/SecondStep";
import { Button } from "./ui/Button";
import { Field, PasswordField } from "./ui/Field";
import { Message } from "./ui/Message";
import { Page } from "./ui/Page";
import { useForm } from "./ui/useForm";

function place(problem: Problem) {
  if (problem.code === "password_rejected") return { password: textOf(problem) };
  if (problem.code === "conflict") return { email: t.taken };
  return null;
}

export function Register() {
  const [sentTo, setSentTo] = useState<string | null>(null);
  const [withPasskey, setWithPasskey] = useState(false);
  const [asked, setAsked] = useState<SecondFactorRequired | null>(null);
  const { busy, errors, problem, form } = useForm({
    async send(data) {
      const email = String(data.get("email")).trim();
      const answer = await service.register(
        email,
        withPasskey ? null : String(data.get("password")),
        String(data.get("display_name")).trim(),
      );
      if (answer.status === "verification_sent") setSentTo(email);
      if (answer.status === "second_factor_required") setAsked(answer);
    },
    place,
  });
  if (asked) return <SecondStep asked={asked} onBack={() => navigate("/")} />;
  if (sentTo !== null) {
    return <Sent email={sentTo} forPasskey={withPasskey} onAgain={() => setSentTo(null)} />;
  }
  return (
    <Page title={t.register.title} narrow>
      <Message problem={problem} />
      <form {...form}>
        <Field
          label={t.fields.email}
          name="email"
          type="email"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          error={errors.email}
        />
        <Field
          label={t.fields.displayName}
          name="display_name"
          autoComplete="name"
          maxLength={100}
          optional
          error={errors.display_name}
        />
        {withPasskey ? (
          <p className="hint">{t.register.passkeyHint}</p>
        ) : (
          <PasswordField
            label={t.fields.password}
            name="password"
            autoComplete="new-password"
            hint={t.fields.passwordHint}
            error={errors.password}
          />
        )}
        <Button type="submit" kind="primary" busy={busy}>
          {busy ? t.register.busy : t.register.submit}
        </Button>
      </form>
      {passkeys.supported && (
        <div className="alternatives">
          <p className="or">{t.login.or}</p>
          <Button onClick={() => setWithPasskey(!withPasskey)}>
            {withPasskey ? t.register.usePassword : t.register.usePasskey}
          </Button>
        </div>
      )}
      <p className="aside">
        {t.register.haveAccount} <Link to="/">{t.register.login}</Link>
      </p>
    </Page>
  );
}

/** The same for a new address and for one that is taken: only its owner learns the difference, by mail. */
function Sent({ email, forPasskey, onAgain }: { email: string; forPasskey: boolean; onAgain: () => void }) {
  return (
    <Page title={t.register.sentTitle} narrow>
      <p>{forPasskey ? t.register.sentForPasskey(email) : t.register.sent(email)}</p>
      <p className="quiet">{t.register.sentHint}</p>
      <div className="actions">
        <Button onClick={onAgain}>{t.register.again}</Button>
      </div>
      <p className="aside">
        <Link to="/">{t.login.title}</Link>
      </p>
    </Page>
  );
}
