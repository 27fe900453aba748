import { useState } from "react";
import service from "../AuthService";
import { t } from "../i18n";
import { Button } from "../ui/Button";
import { Confirmation } from "../ui/Confirmation";
import { useRecentProof } from "./Reauthenticate";

export function DeleteAccount({ email }: { email: string }) {
  const [asking, setAsking] = useState(false);
  const { dialog, recently } = useRecentProof(email);
  return (
    <>
      <div className="actions">
        <Button kind="danger" onClick={() => setAsking(true)}>
          {t.deletion.open}
        </Button>
      </div>
      {asking && (
        <Confirmation
          title={t.deletion.confirmTitle}
          ask={t.deletion.ask(email)}
          submit={t.deletion.submit}
          busyText={t.deletion.busy}
          onClose={() => setAsking(false)}
          onConfirmed={() =>
            recently({
              text: t.deletion.submit,
              busy: t.deletion.busy,
              kind: "danger",
              work: () => service.deleteAccount(),
            })
          }
        />
      )}
      {dialog}
    </>
  );
}
