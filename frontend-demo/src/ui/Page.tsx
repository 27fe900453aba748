import type { ReactNode } from "react";
import { useEffect, useRef } from "react";
import { t } from "../i18n";

let firstPage = true;

/**
 * One page: its title in the tab and as the heading, which takes the focus when the page comes after another, unless a
 * field of the page has taken it.
 */
export function Page({
  title,
  narrow = false,
  children,
}: {
  title: string;
  narrow?: boolean;
  children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${t.brand}`;
    const page = heading.current?.parentElement;
    if (!firstPage && !page?.contains(document.activeElement))
      heading.current?.focus({ preventScroll: true });
    firstPage = false;
  }, [title]);
  return (
    <main className={narrow ? "page narrow" : "page"}>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </main>
  );
}
