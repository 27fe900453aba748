import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";

const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", dress);
dress();

SwaggerUI({
  url: "/schema/openapi.json",
  dom_id: "#schema",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  // No call to a validator of other people's.
  validatorUrl: null,
});
