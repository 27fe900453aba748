import type { ReactNode } from "react";

interface Props {
  children: ReactNode;
  kind?: "primary" | "plain" | "danger" | "link";
  type?: "button" | "submit";
  /** Stays focusable, so that a keyboard does not lose its place, and does nothing. */
  busy?: boolean;
  label?: string;
  onClick?: () => void;
}

export function Button({ children, kind = "plain", type = "button", busy = false, label, onClick }: Props) {
  return (
    <button
      type={type}
      className={`button ${kind}`}
      aria-disabled={busy || undefined}
      aria-label={label}
      onClick={busy ? undefined : onClick}
    >
      {children}
    </button>
  );
}
