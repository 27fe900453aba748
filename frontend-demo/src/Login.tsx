import service from "./AuthService";
import type { Notice } from "./auth/AuthState";
import { t } from "./i18n";
import { Link } from "./router";
import { Button } from "./ui/Button";
import { Field, PasswordField } from "./ui/Field";
import { Message } from "./ui/Message";
import { Page } from "./ui/Page";
import { useForm } from "./ui/useForm";

export function Login({ notice }: { notice: Notice | null }) {
  const { busy, errors, problem, form } = useForm({
    async send(data) {
      await service.login(String(data.get("email")).trim(), String(data.get("password")));
    },
  });
  return (
    <Page title={t.login.title} narrow>
      <Message problem={problem} news={!problem && notice && t.notices[notice]} />
      <form {...form}>
        {/* Both fields are there from the start, for password managers; "webauthn" stands last, for passkey autofill. */}
        <Field
          label={t.fields.email}
          name="email"
          type="email"
          autoComplete="username webauthn"
          autoCapitalize="none"
          spellCheck={false}
          error={errors.email}
        />
        <PasswordField
          label={t.fields.password}
          name="password"
          autoComplete="current-password"
          error={errors.password}
        />
        <Button type="submit" kind="primary" busy={busy}>
          {busy ? t.login.busy : t.login.submit}
        </Button>
      </form>
      {/* Other ways to sign in come here, below the form; the space is taken only when there are any. */}
      <div className="alternatives" />
      <p className="aside">
        {t.login.noAccount} <Link to="/register">{t.login.register}</Link>
      </p>
    </Page>
  );
}
