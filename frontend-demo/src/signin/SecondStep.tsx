import { useEffect, useEffectEvent, useState } from "react";
import { Problem } from "../api/problem";
import type { SecondFactorRequired } from "../api/types";
import { t } from "../i18n";
import passkeys from "../passkeys";
import { Button } from "../ui/Button";
import { PasskeyIcon } from "../ui/icons";
import { Message } from "../ui/Message";
import { Page } from "../ui/Page";
import { useTask } from "../ui/useTask";
import { CodeForm } from "./CodeForm";
import { RecoveryCodeForm } from "./RecoveryCodeForm";
import { RequiredFactor } from "./RequiredFactor";

interface Props {
  asked: SecondFactorRequired;
  /** @param why null where the person wants to start again. */
  onBack: (why: Problem | null) => void;
}

/** What is asked for after the password: a second factor, or that there is one. */
export function SecondStep({ asked, onBack }: Props) {
  if (asked.enrolment_token !== undefined) {
    return <RequiredFactor token={asked.enrolment_token} onBack={onBack} />;
  }
  return <GiveFactor asked={asked} onBack={onBack} />;
}

function GiveFactor({ asked, onBack }: Props) {
  const { mfa_token: token, expires_in: seconds, methods } = asked;
  const [lost, setLost] = useState(!methods.includes("totp"));
  const passkey = useTask();
  const byPasskey = methods.includes("passkey") && passkeys.supported;
  const byCode = methods.includes("totp") && !lost;
  const byRecoveryCode = methods.includes("recovery_code") && lost;

  const expire = useEffectEvent(() => onBack(new Problem("invalid_mfa_token", 0)));
  useEffect(() => {
    const timer = setTimeout(() => expire(), seconds * 1000);
    return () => clearTimeout(timer);
  }, [seconds]);

  return (
    <Page
      title={byRecoveryCode && methods.includes("totp") ? t.secondStep.lostTitle : t.secondStep.title}
      narrow
    >
      {byPasskey && (
        <div className="alternatives">
          <Message problem={passkey.problem} />
          <Button
            kind="primary"
            busy={passkey.busy !== null}
            onClick={() =>
              void passkey.run("sign-in", async () => {
                await passkeys.signIn();
                return null;
              })
            }
          >
            <PasskeyIcon />
            {passkey.busy ? t.login.passkeyBusy : t.secondStep.passkey}
          </Button>
          {(byCode || byRecoveryCode) && <p className="or">{t.login.or}</p>}
        </div>
      )}
      {byCode && <CodeForm token={token} beside={byPasskey} onOver={onBack} />}
      {byRecoveryCode && <RecoveryCodeForm token={token} beside={byPasskey} onOver={onBack} />}
      {!byPasskey && !byCode && !byRecoveryCode && <p>{t.secondStep.noWay}</p>}
      <div className="ways">
        {byCode && methods.includes("recovery_code") && (
          <Button kind="link" onClick={() => setLost(true)}>
            {t.secondStep.useRecoveryCode}
          </Button>
        )}
        {byRecoveryCode && methods.includes("totp") && (
          <Button kind="link" onClick={() => setLost(false)}>
            {t.secondStep.useApp}
          </Button>
        )}
        <Button kind="link" onClick={() => onBack(null)}>
          {t.secondStep.restart}
        </Button>
      </div>
    </Page>
  );
}
