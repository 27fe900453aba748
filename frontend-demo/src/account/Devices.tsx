import { useCallback, useEffect, useRef, useState } from "react";
import service from "../AuthService";
import { Problem } from "../api/problem";
import type { Session } from "../api/types";
import { t, textOf } from "../i18n";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Message } from "../ui/Message";
import { Time } from "../ui/Time";
import { DeviceIcon, deviceName } from "./device";

export function Devices() {
  const [sessions, setSessions] = useState<Session[] | null>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [news, setNews] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  const list = useRef<HTMLUListElement>(null);

  // A button that went with its session takes the focus along; the list is where to go on from.
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at after each new list
  useEffect(() => {
    if (news !== null && document.activeElement === document.body) list.current?.focus();
  }, [sessions, news]);

  /** One change at a time; the list afterwards is what the server says, not what was hoped. */
  const change = useCallback(async (name: string, work: () => Promise<string | null>) => {
    setBusy(name);
    setProblem(null);
    setNews(null);
    try {
      setNews(await work());
      if (service.state.status === "signed-in") setSessions(await service.listSessions());
    } catch (error) {
      setProblem(textOf(Problem.of(error)));
    } finally {
      setBusy(null);
    }
  }, []);

  useEffect(() => {
    void change("load", async () => null);
  }, [change]);

  if (sessions === null) {
    return problem ? (
      <>
        <Message problem={problem} />
        <Button onClick={() => void change("load", async () => null)}>{t.tryAgain}</Button>
      </>
    ) : (
      <p className="quiet">{t.loading}</p>
    );
  }
  const ordered = [...sessions].sort((a, b) => Number(b.current) - Number(a.current));
  return (
    <>
      <Message problem={problem} news={news} />
      <ul className="devices" ref={list} tabIndex={-1}>
        {ordered.map((session) => (
          <Device
            key={session.id}
            session={session}
            busy={busy === session.id}
            onEnd={(name) =>
              session.current
                ? void service.logout()
                : void change(session.id, async () => {
                    await endSession(session.id);
                    return t.sessions.revoked(name);
                  })
            }
          />
        ))}
      </ul>
      <div className="actions">
        {sessions.some((session) => !session.current) && (
          <Button
            busy={busy === "others"}
            onClick={() =>
              void change("others", async () => t.sessions.revokedOthers(await service.revokeOtherSessions()))
            }
          >
            {t.sessions.revokeOthers}
          </Button>
        )}
        <Button kind="danger" onClick={() => setAsking(true)}>
          {t.sessions.everywhere}
        </Button>
      </div>
      {asking && (
        <Dialog title={t.sessions.everywhereTitle} onClose={() => setAsking(false)}>
          <p>{t.sessions.everywhereAsk}</p>
          <div className="actions">
            <Button
              kind="danger"
              busy={busy === "everywhere"}
              onClick={() =>
                void change("everywhere", async () => {
                  setAsking(false);
                  await service.logoutEverywhere();
                  return null;
                })
              }
            >
              {t.sessions.everywhere}
            </Button>
            <Button onClick={() => setAsking(false)}>{t.cancel}</Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

/** A session that is already gone has ended: that is what was asked for. */
async function endSession(id: string): Promise<void> {
  try {
    await service.revokeSession(id);
  } catch (error) {
    if (Problem.of(error).code !== "not_found") throw error;
  }
}

function Device({
  session,
  busy,
  onEnd,
}: {
  session: Session;
  busy: boolean;
  onEnd: (name: string) => void;
}) {
  const name = deviceName(session.device);
  return (
    <li>
      <DeviceIcon device={session.device} />
      <div className="about">
        <p>
          <strong>{name}</strong>
          {session.current && <span className="badge good">{t.sessions.current}</span>}
        </p>
        <p className="quiet">
          {session.current ? (
            <span>{t.sessions.activeNow}</span>
          ) : (
            <Time value={session.last_seen_at} text={t.sessions.active} />
          )}
          <Time value={session.created_at} text={t.sessions.signedIn} />
          {session.ip && <span>{session.ip}</span>}
        </p>
      </div>
      <Button busy={busy} label={t.sessions.revokeName(name)} onClick={() => onEnd(name)}>
        {busy ? t.sessions.revoking : t.sessions.revoke}
      </Button>
    </li>
  );
}
