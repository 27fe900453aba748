import type { MouseEvent, ReactNode } from "react";
import { useSyncExternalStore } from "react";

const paths = ["/", "/register", "/account", "/verify-email"] as const;
export type Path = (typeof paths)[number];

function subscribe(listener: () => void): () => void {
  window.addEventListener("popstate", listener);
  return () => window.removeEventListener("popstate", listener);
}

/** The page asked for; the server answers 404 to a path it does not know, so anything else is the first page. */
export function usePath(): Path {
  const path = useSyncExternalStore(subscribe, () => location.pathname);
  return paths.find((known) => known === path) ?? "/";
}

export function navigate(path: Path, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  window.dispatchEvent(new PopStateEvent("popstate"));
  window.scrollTo(0, 0);
}

export function Link({ to, children }: { to: Path; children: ReactNode }) {
  function follow(event: MouseEvent) {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  }
  return (
    <a href={to} onClick={follow}>
      {children}
    </a>
  );
}
