import type { Request, Response } from "express";
import { ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS } from "../auth/tokens.js";

const OPTIONS = { httpOnly: true, secure: true, sameSite: "strict" as const, path: "/" };

export function readCookie(request: Request, name: string): string | undefined {
  for (const part of (request.headers.cookie ?? "").split(";")) {
    const [key, ...value] = part.trim().split("=");
    if (key === name) {
      return decodeURIComponent(value.join("="));
    }
  }
  return undefined;
}

export function setSessionCookies(response: Response, accessToken: string, refreshToken: string): void {
  response.cookie("access", accessToken, { ...OPTIONS, maxAge: ACCESS_TOKEN_SECONDS * 1000 });
  response.cookie("refresh", refreshToken, { ...OPTIONS, maxAge: REFRESH_TOKEN_SECONDS * 1000 });
}

export function clearSessionCookies(response: Response): void {
  response.clearCookie("access", OPTIONS);
  response.clearCookie("refresh", OPTIONS);
}
