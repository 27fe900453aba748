import service from "../AuthService";
import type { Problem } from "../api/problem";
import { t, textOf } from "../i18n";
import { Button } from "../ui/Button";
import { Checkbox } from "../ui/Checkbox";
import { CodeField } from "../ui/CodeField";
import { Message } from "../ui/Message";
import { useForm } from "../ui/useForm";
import { keepPasskey } from "./keepPasskey";
import { unlessOver } from "./unlessOver";

export interface FormProps {
  /** Of the pending sign-in. */
  token: string;
  /** Another way stands above it, so it does not take the focus. */
  beside: boolean;
  onOver: (why: Problem) => void;
}

export function CodeForm({ token, beside, onOver }: FormProps) {
  const { busy, errors, problem, form } = useForm({
    send: (data) =>
      unlessOver(onOver, async () => {
        const trust = data.get("trust") !== null;
        keepPasskey(await service.loginWithCode(token, String(data.get("code")), trust));
      }),
    place: (refusal) => (refusal.code === "invalid_code" ? { code: textOf(refusal) } : null),
  });
  return (
    <form {...form}>
      <Message problem={problem} />
      <CodeField hint={t.secondStep.codeHint} error={errors.code} first={!beside} sends />
      <Checkbox label={t.secondStep.trust} name="trust" />
      <Button type="submit" kind={beside ? "plain" : "primary"} busy={busy}>
        {busy ? t.login.busy : t.login.submit}
      </Button>
    </form>
  );
}
