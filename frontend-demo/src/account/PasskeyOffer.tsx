import { useEffect, useId, useRef, useState } from "react";
import service from "../AuthService";
import { t } from "../i18n";
import passkeys from "../passkeys";
import { Button } from "../ui/Button";
import { PasskeyIcon } from "../ui/icons";
import { Message } from "../ui/Message";
import { useTask } from "../ui/useTask";
import { useRecentProof } from "./Reauthenticate";
import type { Passkeys } from "./usePasskeyList";

/** Offers the first passkey to somebody who came with a password, once; saying no is for good. */
export function PasskeyOffer({ email, mine }: { email: string; mine: Passkeys }) {
  const { list, upgrade, reload } = mine;
  const { busy, problem, news, run, setNews } = useTask();
  const { dialog, recently } = useRecentProof(email);
  const [closed, setClosed] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const titleId = useId();

  const made = upgrade.made && t.passkeys.addedSilently(upgrade.made.name);
  const told = news ?? made;
  const wanted = list !== null && list.passkeys.length === 0 && !list.offer_declined;
  const open = passkeys.supported && wanted && !upgrade.underWay && !told && !closed;

  // The buttons take the focus along when they go.
  useEffect(() => {
    if (news) place.current?.focus();
    if (closed) document.querySelector("h1")?.focus({ preventScroll: true });
  }, [news, closed]);

  const create = () =>
    run("create", async () => {
      const work = async () => {
        const passkey = await passkeys.create();
        await reload();
        setNews(t.passkeys.added(passkey.name));
      };
      await recently({ text: t.passkeys.offerSubmit, busy: t.passkeys.adding, work });
      return null;
    });

  const decline = () =>
    run("decline", async () => {
      await service.declinePasskeyOffer();
      setClosed(true);
      return null;
    });

  return (
    <div ref={place} tabIndex={-1} className="first">
      {open && (
        <section className="offer" aria-labelledby={titleId}>
          <PasskeyIcon />
          <div className="about">
            <h2 id={titleId}>{t.passkeys.offerTitle}</h2>
            <p>{t.passkeys.offer}</p>
            <div className="actions">
              <Button kind="primary" busy={busy === "create"} onClick={() => void create()}>
                {busy === "create" ? t.passkeys.adding : t.passkeys.offerSubmit}
              </Button>
              <Button busy={busy === "decline"} onClick={() => void decline()}>
                {t.passkeys.notNow}
              </Button>
            </div>
          </div>
        </section>
      )}
      <Message problem={problem} news={told} />
      {dialog}
    </div>
  );
}
