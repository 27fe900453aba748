import { useId } from "react";

interface Props {
  label: string;
  name: string;
  required?: boolean;
  error?: string | undefined;
}

export function Checkbox({ label, name, required = false, error }: Props) {
  const errorId = useId();
  return (
    <div className="field">
      <label className="tick">
        <input
          type="checkbox"
          name={name}
          required={required}
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? errorId : undefined}
        />
        {label}
      </label>
      {error && (
        <p id={errorId} className="error">
          {error}
        </p>
      )}
    </div>
  );
}
