import type { Session } from "../api/types";
import { t } from "../i18n";
import { ComputerIcon, PhoneIcon } from "../ui/icons";

type Device = Session["device"];

export function deviceName({ browser, os, label }: Device): string {
  return browser && os ? t.sessions.device(browser, os) : label || t.sessions.unknownDevice;
}

export function DeviceIcon({ device: { os } }: { device: Device }) {
  const handheld = os !== null && /^(Android|iOS|iPadOS)/.test(os);
  return handheld ? <PhoneIcon /> : <ComputerIcon />;
}
