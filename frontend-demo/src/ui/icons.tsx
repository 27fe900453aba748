const stroke = { fill: "none", stroke: "currentColor", strokeWidth: 1.75, strokeLinecap: "round" } as const;

export function LogoMark() {
  return (
    <svg className="logo" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
      <rect x="1" y="1" width="22" height="22" rx="6.5" fill="currentColor" />
      <circle cx="9.4" cy="12" r="3.6" fill="none" stroke="var(--on-accent)" strokeWidth="2" />
      <path
        d="M13 12h6m-2.4 0v3"
        fill="none"
        stroke="var(--on-accent)"
        strokeWidth="2"
        strokeLinecap="round"
      />
    </svg>
  );
}

export function ComputerIcon() {
  return (
    <svg className="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" {...stroke}>
      <rect x="3" y="4.5" width="18" height="12" rx="2" />
      <path d="M8.5 20h7M12 16.5V20" />
    </svg>
  );
}

/** A person and a key. */
export function PasskeyIcon() {
  return (
    <svg className="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" {...stroke}>
      <circle cx="9" cy="7.5" r="4" />
      <path d="M2.5 20c0-3.6 2.9-6 6.5-6 1 0 1.9.2 2.7.5" />
      <circle cx="17.5" cy="12.5" r="2.75" />
      <path d="M17.5 15.25V21.5m0-2.5h2" />
    </svg>
  );
}

export function PhoneIcon() {
  return (
    <svg className="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" {...stroke}>
      <rect x="6.5" y="2.5" width="11" height="19" rx="2.5" />
      <path d="M11 18.5h2" />
    </svg>
  );
}
