import { useEffect, useState } from "react";
import service from "./AuthService";
import type { Problem } from "./api/problem";
import type { SecondFactorRequired } from "./api/types";
import type { Notice } from "./auth/AuthState";
import { t } from "./i18n";
import passkeys from "./passkeys";
import { Link } from "./router";
import { keepPasskey } from "./signin/keepPasskey";
import { SecondStep } from "./signin/SecondStep";
import { Button } from "./ui/Button";
import { Field, PasswordField } from "./ui/Field";
import { PasskeyIcon } from "./ui/icons";
import { Message } from "./ui/Message";
import { Page } from "./ui/Page";
import { useForm } from "./ui/useForm";
import { useTask } from "./ui/useTask";

export function Login({ notice }: { notice: Notice | null }) {
  const [asked, setAsked] = useState<SecondFactorRequired | null>(null);
  const [over, setOver] = useState<Problem | null>(null);
  if (asked) {
    return (
      <SecondStep
        asked={asked}
        onBack={(why) => {
          setOver(why);
          setAsked(null);
        }}
      />
    );
  }
  return <FirstStep notice={notice} over={over} onAsked={setAsked} />;
}

interface Props {
  notice: Notice | null;
  /** Why a second step led back here. */
  over: Problem | null;
  onAsked: (asked: SecondFactorRequired) => void;
}

function FirstStep({ notice, over, onAsked }: Props) {
  const [ended, setEnded] = useState(over);
  const passkey = useTask();
  const { setProblem } = passkey;
  const { busy, errors, problem, form } = useForm({
    async send(data) {
      setProblem(null);
      setEnded(null);
      const answer = await service.login(String(data.get("email")).trim(), String(data.get("password")));
      if (answer.status === "second_factor_required") onAsked(answer);
      else keepPasskey(answer);
    },
  });

  useEffect(() => {
    passkeys.startAutofill(setProblem);
    return () => passkeys.stopAutofill();
  }, [setProblem]);

  const refusal = passkey.problem ?? problem ?? ended;
  return (
    <Page title={t.login.title} narrow>
      <Message problem={refusal} news={!refusal && notice && t.notices[notice]} />
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
      <div className="alternatives">
        {passkeys.supported ? (
          <>
            <p className="or">{t.login.or}</p>
            <Button
              busy={passkey.busy !== null}
              onClick={() =>
                void passkey.run("sign-in", async () => {
                  await passkeys.signIn();
                  return null;
                })
              }
            >
              <PasskeyIcon />
              {passkey.busy ? t.login.passkeyBusy : t.login.passkey}
            </Button>
          </>
        ) : (
          <p className="quiet">{t.passkeys.unavailable}</p>
        )}
      </div>
      <p className="aside">
        {t.login.noAccount} <Link to="/register">{t.login.register}</Link>
      </p>
    </Page>
  );
}
