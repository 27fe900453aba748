import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// One origin in development as in production: no CORS, SameSite=Strict cookies work, and the server sees its own name.
const server = "http://localhost:8001";
const toServer = { target: server, changeOrigin: true, headers: { origin: server } };

export default defineConfig({
  plugins: [react()],
  build: {
    // The content security policy allows no inline script, and every asset is cached by its hash.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1600,
    rolldownOptions: { input: ["index.html", "schema.html"] },
  },
  server: { proxy: { "/auth": toServer, "/api": toServer, "/schema/openapi.json": toServer } },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts"] },
});
