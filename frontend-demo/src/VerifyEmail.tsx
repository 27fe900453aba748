import { useState } from "react";
import service from "./AuthService";
import { CreatePasskey } from "./CreatePasskey";
import { t } from "./i18n";
import { useLinkToken } from "./linkToken";
import { Link } from "./router";
import { Button } from "./ui/Button";
import { Message } from "./ui/Message";
import { Page } from "./ui/Page";
import { useForm } from "./ui/useForm";

/** Acts on the press of the button only: mail scanners open links too. */
export function VerifyEmail() {
  const token = useLinkToken();
  const [verified, setVerified] = useState<string | null>(null);
  const [enrolment, setEnrolment] = useState<string | null>(null);
  const { busy, problem, form } = useForm({
    async send() {
      if (token === null) return;
      const offer = await service.verifyEmail(token);
      setEnrolment(offer?.enrolment_token ?? null);
      // Confirming an address may end the sessions it was used in before.
      if (service.state.status === "signed-in") await service.retry();
      setVerified(token);
    },
  });
  if (token === null) {
    return (
      <Page title={t.verify.noTokenTitle} narrow>
        <p>{t.verify.noToken}</p>
        <Proceed />
      </Page>
    );
  }
  if (verified === token && enrolment !== null) return <CreatePasskey enrolmentToken={enrolment} />;
  if (verified === token) {
    return (
      <Page title={t.verify.doneTitle} narrow>
        <p>{t.verify.done}</p>
        <Proceed />
      </Page>
    );
  }
  return (
    <Page title={t.verify.title} narrow>
      <Message problem={problem} />
      <p>{t.verify.ask}</p>
      <form {...form}>
        <Button type="submit" kind="primary" busy={busy}>
          {busy ? t.verify.busy : t.verify.submit}
        </Button>
      </form>
    </Page>
  );
}

function Proceed() {
  return (
    <p className="aside">
      <Link to="/">{t.verify.proceed}</Link>
    </p>
  );
}
