import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import service from "./AuthService";
import { language } from "./i18n";
import { takeLinkToken } from "./linkToken";
import "./style.css";

takeLinkToken();
window.addEventListener("hashchange", takeLinkToken);
document.documentElement.lang = language;
void service.start();

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
