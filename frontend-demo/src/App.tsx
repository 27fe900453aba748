import { useEffect, useSyncExternalStore } from "react";
import { Account } from "./Account";
import service from "./AuthService";
import { t } from "./i18n";
import { Login } from "./Login";
import { Register } from "./Register";
import { navigate, type Path, usePath } from "./router";
import { Button } from "./ui/Button";
import { LogoMark } from "./ui/icons";
import { Page } from "./ui/Page";
import { VerifyEmail } from "./VerifyEmail";

const useAuth = () => useSyncExternalStore(service.subscribe, () => service.state);

export function App() {
  const { status, me, notice, reachable } = useAuth();
  const path = usePath();
  const elsewhere = misplaced(path, status);

  useEffect(() => {
    if (elsewhere) navigate(elsewhere, { replace: true });
  }, [elsewhere]);

  return (
    <>
      <header className="bar">
        <span className="brand">
          <LogoMark />
          {t.brand}
        </span>
        {me && <SignOut email={me.email} />}
      </header>
      <div role="status">{!reachable && status === "signed-in" && <p className="banner">{t.offline}</p>}</div>
      {status === "starting" || elsewhere ? (
        <Starting reachable={reachable} />
      ) : path === "/verify-email" ? (
        <VerifyEmail />
      ) : me ? (
        <Account key={me.id} me={me} notice={notice} />
      ) : path === "/register" ? (
        <Register />
      ) : (
        <Login notice={notice} />
      )}
    </>
  );
}

/** Where the page at `path` is not for this person now: where to go instead. */
function misplaced(path: Path, status: string): Path | null {
  if (status === "signed-out" && path === "/account") return "/";
  if (status === "signed-in" && (path === "/" || path === "/register")) return "/account";
  return null;
}

function SignOut({ email }: { email: string }) {
  return (
    <div className="who">
      <span className="email">{email}</span>
      <Button kind="plain" onClick={() => void service.logout()}>
        {t.account.logout}
      </Button>
    </div>
  );
}

function Starting({ reachable }: { reachable: boolean }) {
  if (reachable) return <main className="waiting" aria-busy="true" aria-label={t.loading} />;
  return (
    <Page title={t.problems.service_unavailable} narrow>
      <p>{t.offlineAtStart}</p>
      <Button onClick={() => void service.retry()}>{t.tryAgain}</Button>
    </Page>
  );
}
