import type { ReactNode } from "react";

/** A problem is announced at once; good news when the screen reader has a moment. The live region is always there. */
export function Message({ problem, news }: { problem?: ReactNode; news?: ReactNode }) {
  return (
    <>
      <div role="alert">{problem && <p className="message problem">{problem}</p>}</div>
      <div role="status">{news && <p className="message news">{news}</p>}</div>
    </>
  );
}
