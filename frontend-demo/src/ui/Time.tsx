import { ago, exactTime } from "../i18n";

/** How long ago, with the exact time behind it. */
export function Time({ value, text }: { value: string; text: (when: string) => string }) {
  return (
    <time dateTime={value} title={exactTime(value)}>
      {text(ago(value))}
    </time>
  );
}
