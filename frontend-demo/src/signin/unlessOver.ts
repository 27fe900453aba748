import { Problem } from "../api/problem";

/** A step of a sign-in that may have come too late: then there is nothing left to correct in its form. */
export async function unlessOver(onOver: (why: Problem) => void, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    const problem = Problem.of(error);
    if (problem.code !== "invalid_mfa_token" && problem.code !== "invalid_token") throw problem;
    onOver(new Problem("invalid_mfa_token", problem.status));
  }
}
