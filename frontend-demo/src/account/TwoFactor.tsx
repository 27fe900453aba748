import { useEffect, useRef, useState } from "react";
import service from "../AuthService";
import { Problem } from "../api/problem";
import type { Me, TotpEnrolment as Offer } from "../api/types";
import { RecoveryCodes } from "../factors/RecoveryCodes";
import { TotpEnrolment } from "../factors/TotpEnrolment";
import { t } from "../i18n";
import { Button } from "../ui/Button";
import { Confirmation } from "../ui/Confirmation";
import { Message } from "../ui/Message";
import { useTask } from "../ui/useTask";
import { useRecentProof } from "./Reauthenticate";
import { TrustedBrowsers } from "./TrustedBrowsers";

const FEW_CODES = 3;

/** What is in the place of the overview. `news` come once the codes are saved. */
type Step = { offer: Offer } | { codes: readonly string[]; news: string };

export function TwoFactor({ me }: { me: Me }) {
  const [step, setStep] = useState<Step | null>(null);
  const [asking, setAsking] = useState<"codes" | "off" | null>(null);
  const { busy, problem, news, run, setNews } = useTask();
  const { dialog, recently } = useRecentProof(me.email);
  const place = useRef<HTMLDivElement>(null);
  const moved = useRef(false);

  // The focus goes to the heading of a step, and back to the overview after the last one.
  useEffect(() => {
    const target = step ? place.current?.querySelector<HTMLElement>("h3") : place.current;
    if (step || moved.current) target?.focus();
    moved.current = step !== null;
  }, [step]);

  // A button that went takes the focus along, and a dialog cannot give it back to one.
  const talking = asking !== null || dialog !== null;
  useEffect(() => {
    if (news !== null && !talking && document.activeElement === document.body) place.current?.focus();
  }, [news, talking]);

  const begin = () =>
    run("begin", async () => {
      const work = async () => setStep({ offer: await service.enrolTotp() });
      await recently({ text: t.twoFactor.proceed, busy: t.twoFactor.beginning, work });
      return null;
    });

  async function activate(code: string) {
    const { recovery_codes: codes } = await service.activateTotp(code);
    setStep({ codes, news: me.totp_enabled ? t.twoFactor.replaced : t.twoFactor.switchedOn });
    // It may fail; what is shown now must not go with it.
    void service.retry();
  }

  const renew = () =>
    recently({
      text: t.recoveryCodes.renew,
      busy: t.recoveryCodes.renewing,
      work: async () => {
        setStep({ codes: await service.replaceRecoveryCodes(), news: t.recoveryCodes.renewed });
        void service.retry();
      },
    });

  const switchOff = () =>
    recently({
      text: t.twoFactor.switchOff,
      busy: t.twoFactor.switchingOff,
      kind: "danger",
      work: async () => {
        await disable();
        await service.getMe();
        setNews(t.twoFactor.switchedOff);
      },
    });

  return (
    <div ref={place} tabIndex={-1} className="list stack">
      {step === null ? (
        <>
          <Message problem={problem} news={news} />
          <Overview me={me} busy={busy === "begin"} onBegin={() => void begin()} onAsk={setAsking} />
          {me.totp_enabled && <TrustedBrowsers />}
        </>
      ) : "offer" in step ? (
        <>
          <h3 tabIndex={-1}>{me.totp_enabled ? t.twoFactor.replaceTitle : t.twoFactor.addTitle}</h3>
          {me.totp_enabled && <p className="quiet">{t.twoFactor.replaceHint}</p>}
          <TotpEnrolment offer={step.offer} onCode={activate} onCancel={() => setStep(null)} />
        </>
      ) : (
        <>
          <h3 tabIndex={-1}>{t.recoveryCodes.title}</h3>
          <RecoveryCodes
            codes={step.codes}
            email={me.email}
            onDone={async () => {
              setStep(null);
              setNews(step.news);
            }}
          />
        </>
      )}
      {asking === "codes" && (
        <Confirmation
          title={t.recoveryCodes.renewTitle}
          ask={t.recoveryCodes.renewAsk}
          submit={t.recoveryCodes.renew}
          busyText={t.recoveryCodes.renewing}
          kind="primary"
          onClose={() => setAsking(null)}
          onConfirmed={renew}
        />
      )}
      {asking === "off" && (
        <Confirmation
          title={t.twoFactor.switchOffTitle}
          ask={t.twoFactor.switchOffAsk}
          submit={t.twoFactor.switchOff}
          busyText={t.twoFactor.switchingOff}
          onClose={() => setAsking(null)}
          onConfirmed={switchOff}
        />
      )}
      {dialog}
    </div>
  );
}

/** What is already off is off: that is what was asked for. */
async function disable(): Promise<void> {
  try {
    await service.disableTotp();
  } catch (error) {
    if (Problem.of(error).code !== "not_found") throw error;
  }
}

interface OverviewProps {
  me: Me;
  busy: boolean;
  onBegin: () => void;
  onAsk: (what: "codes" | "off") => void;
}

function Overview({ me, busy, onBegin, onAsk }: OverviewProps) {
  const left = me.recovery_codes_remaining;
  if (!me.totp_enabled) {
    return (
      <>
        <p className="quiet">{t.twoFactor.isOff}</p>
        <div className="actions">
          <Button busy={busy} onClick={onBegin}>
            {busy ? t.twoFactor.beginning : t.twoFactor.add}
          </Button>
        </div>
      </>
    );
  }
  return (
    <>
      <p className="line">
        <span className="badge good">{t.twoFactor.on}</span>
        <span>{t.twoFactor.isOn}</span>
      </p>
      {left > FEW_CODES ? (
        <p className="quiet">{t.recoveryCodes.left(left)}</p>
      ) : (
        <p className="message calm">{t.recoveryCodes.few(left)}</p>
      )}
      <div className="actions">
        <Button busy={busy} onClick={onBegin}>
          {busy ? t.twoFactor.beginning : t.twoFactor.replace}
        </Button>
        <Button onClick={() => onAsk("codes")}>{t.recoveryCodes.renew}</Button>
        <Button kind="danger" onClick={() => onAsk("off")}>
          {t.twoFactor.switchOff}
        </Button>
      </div>
    </>
  );
}
