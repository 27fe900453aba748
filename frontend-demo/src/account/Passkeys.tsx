import { useEffect, useRef, useState } from "react";
import service from "../AuthService";
import { Problem } from "../api/problem";
import type { Passkey } from "../api/types";
import { t } from "../i18n";
import passkeys from "../passkeys";
import { Button } from "../ui/Button";
import { Confirmation } from "../ui/Confirmation";
import { Message } from "../ui/Message";
import { useTask } from "../ui/useTask";
import { PasskeyItem } from "./PasskeyItem";
import { useRecentProof } from "./Reauthenticate";
import type { Passkeys as MyPasskeys } from "./usePasskeyList";

export function Passkeys({ email, mine }: { email: string; mine: MyPasskeys }) {
  const { list, reload, retry } = mine;
  const { busy, problem, news, run, setNews } = useTask();
  const { dialog, recently } = useRecentProof(email);
  const [leaving, setLeaving] = useState<Passkey | null>(null);
  const items = useRef<HTMLDivElement>(null);

  // A button that went with its passkey takes the focus along; the list is where to go on from.
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at after each new list
  useEffect(() => {
    if (news !== null && document.activeElement === document.body) items.current?.focus();
  }, [list, news]);

  const create = () =>
    run("create", async () => {
      const work = async () => {
        const passkey = await passkeys.create();
        await reload();
        setNews(t.passkeys.added(passkey.name));
      };
      await recently({ text: t.passkeys.add, busy: t.passkeys.adding, work });
      return null;
    });

  const remove = (passkey: Passkey) => {
    setNews(null);
    const work = async () => {
      await deletePasskey(passkey.id);
      await reload();
      setNews(t.passkeys.removed(passkey.name));
    };
    return recently({ text: t.passkeys.remove, busy: t.passkeys.removing, kind: "danger", work });
  };

  if (list === null) {
    return mine.problem ? (
      <>
        <Message problem={mine.problem} />
        <Button onClick={retry}>{t.tryAgain}</Button>
      </>
    ) : (
      <p className="quiet">{t.loading}</p>
    );
  }
  return (
    <>
      <Message problem={problem} news={news} />
      <div className="list" ref={items} tabIndex={-1}>
        {list.passkeys.length === 0 ? (
          <p className="quiet">{t.passkeys.none}</p>
        ) : (
          <ul className="devices">
            {list.passkeys.map((passkey) => (
              <PasskeyItem
                key={passkey.id}
                passkey={passkey}
                onRenamed={async () => {
                  await reload();
                  setNews(t.passkeys.renamed);
                }}
                onRemove={() => setLeaving(passkey)}
              />
            ))}
          </ul>
        )}
      </div>
      {passkeys.supported ? (
        <div className="actions">
          <Button busy={busy === "create"} onClick={() => void create()}>
            {busy === "create" ? t.passkeys.adding : t.passkeys.add}
          </Button>
        </div>
      ) : (
        <p className="quiet">{t.passkeys.unavailable}</p>
      )}
      {leaving && (
        <Confirmation
          title={t.passkeys.removeTitle}
          ask={t.passkeys.removeAsk(leaving.name)}
          submit={t.passkeys.remove}
          busyText={t.passkeys.removing}
          onClose={() => setLeaving(null)}
          onConfirmed={() => remove(leaving)}
        />
      )}
      {dialog}
    </>
  );
}

/** One that is already gone is deleted: that is what was asked for. */
async function deletePasskey(id: string): Promise<void> {
  try {
    await service.deletePasskey(id);
  } catch (error) {
    if (Problem.of(error).code !== "not_found") throw error;
  }
}
