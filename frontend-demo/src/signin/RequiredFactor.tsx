import { useState } from "react";
import service from "../AuthService";
import type { Problem } from "../api/problem";
import type { TotpEnrolment as Offer, SignedIn } from "../api/types";
import { RecoveryCodes } from "../factors/RecoveryCodes";
import { TotpEnrolment } from "../factors/TotpEnrolment";
import { t } from "../i18n";
import passkeys from "../passkeys";
import { Button } from "../ui/Button";
import { PasskeyIcon } from "../ui/icons";
import { Message } from "../ui/Message";
import { Page } from "../ui/Page";
import { useTask } from "../ui/useTask";
import { unlessOver } from "./unlessOver";

interface Props {
  /** Of the enrolment. */
  token: string;
  onBack: (why: Problem | null) => void;
}

/** For somebody of whom the service asks a second factor they do not have: it is added here, and signs in. */
export function RequiredFactor({ token, onBack }: Props) {
  const { busy, problem, run } = useTask();
  const [offer, setOffer] = useState<Offer | null>(null);
  const [done, setDone] = useState<{ codes: readonly string[]; signIn: SignedIn } | null>(null);

  const start = (name: string, work: () => Promise<void>) =>
    void run(name, async () => {
      await unlessOver(onBack, work);
      return null;
    });

  const activate = (code: string) =>
    unlessOver(onBack, async () => {
      const { recovery_codes: codes, sign_in: signIn } = await service.activateTotp(code, token);
      if (signIn?.status === "authenticated") setDone({ codes, signIn });
    });

  if (done) {
    return (
      <Page title={t.recoveryCodes.title} narrow>
        <RecoveryCodes
          codes={done.codes}
          email={done.signIn.user.email}
          onDone={() => service.enter(done.signIn)}
        />
      </Page>
    );
  }
  if (offer) {
    return (
      <Page title={t.twoFactor.addTitle} narrow>
        <TotpEnrolment offer={offer} onCode={activate} onCancel={() => setOffer(null)} />
      </Page>
    );
  }
  return (
    <Page title={t.requiredFactor.title} narrow>
      <Message problem={problem} />
      <p>{t.requiredFactor.about}</p>
      {passkeys.supported && (
        <>
          <Button
            kind="primary"
            busy={busy === "passkey"}
            onClick={() => start("passkey", () => passkeys.enrol(token))}
          >
            <PasskeyIcon />
            {busy === "passkey" ? t.passkeys.adding : t.passkeys.offerSubmit}
          </Button>
          <p className="quiet">{t.passkeys.about}</p>
          <p className="or">{t.login.or}</p>
        </>
      )}
      <Button
        busy={busy === "app"}
        onClick={() => start("app", async () => setOffer(await service.enrolTotp(token)))}
      >
        {busy === "app" ? t.twoFactor.beginning : t.requiredFactor.useApp}
      </Button>
      <p className="quiet">{t.requiredFactor.appHint}</p>
      <div className="ways">
        <Button kind="link" onClick={() => onBack(null)}>
          {t.secondStep.restart}
        </Button>
      </div>
    </Page>
  );
}
