import type { ReactNode } from "react";
import { useId } from "react";
import { DeleteAccount } from "./account/DeleteAccount";
import { Devices } from "./account/Devices";
import { PasskeyOffer } from "./account/PasskeyOffer";
import { Passkeys } from "./account/Passkeys";
import { Password } from "./account/Password";
import { Profile } from "./account/Profile";
import { SampleData } from "./account/SampleData";
import { TwoFactor } from "./account/TwoFactor";
import { usePasskeyList } from "./account/usePasskeyList";
import type { Me } from "./api/types";
import type { Notice } from "./auth/AuthState";
import { t } from "./i18n";
import { Page } from "./ui/Page";

const TWO_FACTOR = "two-factor";

export function Account({ me, notice }: { me: Me; notice: Notice | null }) {
  const mine = usePasskeyList(me);
  return (
    <Page title={t.account.title}>
      {notice && (
        <div className="first">
          <p className="message calm">
            {t.notices[notice]}{" "}
            <a href={`#${TWO_FACTOR}`}>{t.recoveryCodes.see(me.recovery_codes_remaining)}</a>
          </p>
        </div>
      )}
      <PasskeyOffer email={me.email} mine={mine} />
      <Section title={t.profile.title} about={t.profile.about}>
        <Profile me={me} />
      </Section>
      <Section title={t.passkeys.title} about={t.passkeys.about}>
        <Passkeys email={me.email} mine={mine} />
      </Section>
      <Section id={TWO_FACTOR} title={t.twoFactor.title} about={t.twoFactor.about}>
        <TwoFactor me={me} />
      </Section>
      <Section title={t.sessions.title} about={t.sessions.about}>
        <Devices />
      </Section>
      <Section title={t.password.title} about={me.has_password ? t.password.about : t.password.aboutFirst}>
        <Password me={me} />
      </Section>
      <Section title={t.sample.title} about={t.sample.about}>
        <SampleData />
      </Section>
      <Section title={t.deletion.title} about={t.deletion.about}>
        <DeleteAccount email={me.email} />
      </Section>
    </Page>
  );
}

interface SectionProps {
  id?: string;
  title: string;
  about: string;
  children: ReactNode;
}

function Section({ id, title, about, children }: SectionProps) {
  const titleId = useId();
  return (
    <section id={id} aria-labelledby={titleId}>
      <div className="lead">
        <h2 id={titleId}>{title}</h2>
        <p className="quiet">{about}</p>
      </div>
      <div className="card">{children}</div>
    </section>
  );
}
