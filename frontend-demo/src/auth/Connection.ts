const LONGEST_PAUSE_MS = 30_000;

/** Whether the server answers, and how long to leave it alone when it does not. */
export class Connection {
  #failures = 0;
  #pauseUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #tryAgain: () => void;

  constructor(tryAgain: () => void) {
    this.#tryAgain = tryAgain;
  }

  /** True while it is too early to ask again. */
  get paused(): boolean {
    return performance.now() < this.#pauseUntil;
  }

  restored(): void {
    clearTimeout(this.#timer);
    this.#failures = 0;
    this.#pauseUntil = 0;
  }

  /**
   * Doubles the pause up to 30 s, with jitter, so that a server that is back is not met by everybody at once.
   * @param retryAfter seconds the server asked for, which the pause never undercuts.
   */
  failed(retryAfter: number | null): void {
    if (this.paused) return;
    this.#failures += 1;
    const pause = Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** (this.#failures - 1)) * (0.75 + Math.random() / 2);
    const delay = Math.max(pause, (retryAfter ?? 0) * 1000);
    this.#pauseUntil = performance.now() + delay;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#tryAgain, delay);
  }

  endPause(): void {
    this.#pauseUntil = 0;
  }
}
