import type { ReactNode } from "react";
import { useId } from "react";
import { DeleteAccount } from "./account/DeleteAccount";
import { Devices } from "./account/Devices";
import { PasskeyOffer } from "./account/PasskeyOffer";
import { Passkeys } from "./account/Passkeys";
import { Password } from "./account/Password";
import { Profile } from "./account/Profile";
import { SampleData } from "./account/SampleData";
import { usePasskeyList } from "./account/usePasskeyList";
import type { Me } from "./api/types";
import { t } from "./i18n";
import { Page } from "./ui/Page";

export function Account({ me }: { me: Me }) {
  const mine = usePasskeyList(me);
  return (
    <Page title={t.account.title}>
      <PasskeyOffer email={me.email} mine={mine} />
      <Section title={t.profile.title} about={t.profile.about}>
        <Profile me={me} />
      </Section>
      <Section title={t.passkeys.title} about={t.passkeys.about}>
        <Passkeys email={me.email} mine={mine} />
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

function Section({ title, about, children }: { title: string; about: string; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <div className="lead">
        <h2 id={id}>{title}</h2>
        <p className="quiet">{about}</p>
      </div>
      <div className="card">{children}</div>
    </section>
  );
}
