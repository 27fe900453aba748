import type { InputHTMLAttributes, ReactNode } from "react";
import { useId, useState } from "react";
import { t } from "../i18n";

interface Props extends Omit<InputHTMLAttributes<HTMLInputElement>, "id" | "className"> {
  label: string;
  name: string;
  hint?: string | undefined;
  error?: string | undefined;
  optional?: boolean;
  children?: ReactNode;
}

/** A labelled input whose hint and error are read out with it. */
export function Field({ label, hint, error, optional = false, children, ...input }: Props) {
  const id = useId();
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const described = [error && errorId, hint && hintId].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {optional && <span className="optional"> ({t.fields.optional})</span>}
      </label>
      <div className="control">
        <input
          {...input}
          id={id}
          required={!optional}
          aria-invalid={error ? true : undefined}
          aria-describedby={described || undefined}
        />
        {children}
      </div>
      {error && (
        <p id={errorId} className="error">
          {error}
        </p>
      )}
      {hint && (
        <p id={hintId} className="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

type PasswordProps = Pick<Props, "label" | "name" | "hint" | "error"> & {
  autoComplete: "current-password" | "new-password";
};

export function PasswordField(props: PasswordProps) {
  const [shown, setShown] = useState(false);
  return (
    <Field
      {...props}
      type={shown ? "text" : "password"}
      spellCheck={false}
      autoCapitalize="none"
      autoCorrect="off"
    >
      <button
        type="button"
        className="reveal"
        aria-label={shown ? t.fields.hidePassword : t.fields.showPassword}
        onClick={() => setShown(!shown)}
      >
        {shown ? t.fields.hide : t.fields.show}
      </button>
    </Field>
  );
}
