import type { Problem } from "./api/problem";
import { t } from "./i18n";
import passkeys from "./passkeys";
import { navigate } from "./router";
import { Button } from "./ui/Button";
import { Message } from "./ui/Message";
import { Page } from "./ui/Page";
import { useForm } from "./ui/useForm";

/** The last step of a registration without a password. */
export function CreatePasskey({ enrolmentToken }: { enrolmentToken: string }) {
  const { busy, problem, form } = useForm({
    async send() {
      await passkeys.enrol(enrolmentToken);
      navigate("/account", { replace: true });
    },
  });
  return (
    <Page title={t.verify.passkeyTitle} narrow>
      <Message problem={isOver(problem) ? t.verify.passkeyOver : problem} />
      {passkeys.supported ? (
        <>
          <p>{t.verify.passkeyAsk}</p>
          <form {...form}>
            <Button type="submit" kind="primary" busy={busy}>
              {busy ? t.verify.passkeyBusy : t.verify.passkeySubmit}
            </Button>
          </form>
        </>
      ) : (
        <>
          <p>{t.verify.passkeyElsewhere}</p>
          <p className="quiet">{t.passkeys.unavailable}</p>
        </>
      )}
    </Page>
  );
}

/** The token of the enrolment was used, or is too old; nobody's sign-in is meant. */
function isOver(problem: Problem | null): boolean {
  return problem?.code === "invalid_token";
}
