import { useCallback, useEffect, useRef, useState } from "react";
import service from "../AuthService";
import { Problem } from "../api/problem";
import type { TrustedBrowser } from "../api/types";
import { exactDay, t } from "../i18n";
import { Button } from "../ui/Button";
import { Message } from "../ui/Message";
import { Time } from "../ui/Time";
import { useTask } from "../ui/useTask";
import { DeviceIcon, deviceName } from "./device";

/** Where the second factor is not asked for; nothing at all where there is no such browser. */
export function TrustedBrowsers() {
  const [browsers, setBrowsers] = useState<TrustedBrowser[]>([]);
  const { busy, problem, news, run } = useTask();
  const place = useRef<HTMLDivElement>(null);

  const load = useCallback(async () => setBrowsers(await service.listTrustedBrowsers()), []);

  useEffect(() => {
    void run("load", async () => {
      await load();
      return null;
    });
  }, [run, load]);

  // A button that went with its browser takes the focus along.
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at after each new list
  useEffect(() => {
    if (news !== null && document.activeElement === document.body) place.current?.focus();
  }, [browsers, news]);

  const remove = (browser: TrustedBrowser) =>
    run(browser.id, async () => {
      await forget(browser.id);
      await load();
      return t.trusted.removed(deviceName(browser.device));
    });

  return (
    <div ref={place} tabIndex={-1} className="list stack">
      <Message problem={problem} news={news} />
      {browsers.length > 0 && (
        <>
          <div className="lead">
            <h3>{t.trusted.title}</h3>
            <p className="quiet">{t.trusted.about}</p>
          </div>
          <ul className="devices">
            {browsers.map((browser) => (
              <li key={browser.id}>
                <DeviceIcon device={browser.device} />
                <div className="about">
                  <p>
                    <strong>{deviceName(browser.device)}</strong>
                  </p>
                  <p className="quiet">
                    <Time value={browser.last_used_at} text={t.trusted.used} />
                    <time dateTime={browser.expires_at}>{t.trusted.until(exactDay(browser.expires_at))}</time>
                  </p>
                </div>
                <Button
                  busy={busy === browser.id}
                  label={t.trusted.removeName(deviceName(browser.device))}
                  onClick={() => void remove(browser)}
                >
                  {t.trusted.remove}
                </Button>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

/** One that is already gone is trusted no more: that is what was asked for. */
async function forget(id: string): Promise<void> {
  try {
    await service.removeTrustedBrowser(id);
  } catch (error) {
    if (Problem.of(error).code !== "not_found") throw error;
  }
}
