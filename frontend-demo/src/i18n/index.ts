import type { Problem } from "../api/problem";
import { en, type Texts } from "./en";
import { ko } from "./ko";

const dictionaries = { en, ko } as const;
type Language = keyof typeof dictionaries;

/** The first of the browser's languages there is a dictionary for; English otherwise. */
export function pickLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const primary = tag.toLowerCase().split("-")[0];
    if (primary === "en" || primary === "ko") return primary;
  }
  return "en";
}

export const language = pickLanguage(navigator.languages ?? [navigator.language]);
export const t: Texts = dictionaries[language];

const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const exactly = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(language, { dateStyle: "long" });
const minutes = new Intl.NumberFormat(language, { style: "unit", unit: "minute", unitDisplay: "long" });

/** A problem as a sentence for the person in front of the page, with the time to wait where the server tells it. */
export function textOf(problem: Problem): string {
  if (problem.code === "password_rejected" && isReason(problem.reason))
    return t.passwordReasons[problem.reason];
  if (problem.code === "invalid_code" && problem.clockDrift !== null) return clockText(problem.clockDrift);
  const text = t.problems[problem.code];
  return problem.retryAfter === null ? text : `${text} ${t.tryAgainIn(inSeconds(problem.retryAfter))}`;
}

function clockText(drift: number): string {
  const time = minutes.format(Math.max(1, Math.round(Math.abs(drift) / 60)));
  return drift > 0 ? t.clockAhead(time) : t.clockBehind(time);
}

function isReason(reason: string | null): reason is keyof Texts["passwordReasons"] {
  return reason !== null && Object.hasOwn(t.passwordReasons, reason);
}

/** "in 30 seconds", "in 5 minutes"; rounded up, so that nobody is told to come too early. */
function inSeconds(seconds: number): string {
  if (seconds < 60) return relative.format(Math.max(1, seconds), "second");
  if (seconds < 3600) return relative.format(Math.ceil(seconds / 60), "minute");
  return relative.format(Math.ceil(seconds / 3600), "hour");
}

/** "5 minutes ago", "yesterday". */
export function ago(time: string, now: number = Date.now()): string {
  const seconds = Math.min(0, Math.round((Date.parse(time) - now) / 1000));
  if (seconds > -60) return t.justNow;
  if (seconds > -3600) return relative.format(Math.ceil(seconds / 60), "minute");
  if (seconds > -86_400) return relative.format(Math.ceil(seconds / 3600), "hour");
  return relative.format(Math.ceil(seconds / 86_400), "day");
}

export const exactTime = (time: string): string => exactly.format(new Date(time));
export const exactDay = (time: string): string => day.format(new Date(time));
