import type { ReactNode } from "react";
import { Problem } from "../api/problem";
import { textOf } from "../i18n";

interface Props {
  problem?: Problem | string | null | undefined;
  news?: ReactNode;
}

/**
 * A problem is announced at once; good news, and what is no alarm, when the screen reader has a moment. The live regions
 * are always there.
 */
export function Message({ problem, news }: Props) {
  const text = problem instanceof Problem ? !problem.isSilent && textOf(problem) : problem;
  const calm = problem instanceof Problem && problem.isCalm;
  return (
    <>
      <div role="alert">{text && !calm && <p className="message problem">{text}</p>}</div>
      <div role="status">
        {text && calm && <p className="message calm">{text}</p>}
        {news && <p className="message news">{news}</p>}
      </div>
    </>
  );
}
