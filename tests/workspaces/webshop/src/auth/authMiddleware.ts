import type { NextFunction, Request, RequestHandler, Response } from "express";
import { readCookie, setSessionCookies, clearSessionCookies } from "../http/cookies.js";
import type { SessionStore } from "./sessionStore.js";
import { signAccessToken, TokenExpiredError, verifyAccessToken, type AccessClaims } from "./tokens.js";

export interface AuthOptions {
  secret: Uint8Array;
  sessions: SessionStore;
}

export interface AuthenticatedRequest extends Request {
  user?: AccessClaims;
}

/**
 * Lets a request pass when it carries a valid access token.
 *
 * An expired access token is not the end: if the request also carries a refresh token, the session is renewed
 * and the request goes on as if nothing had happened.
 */
export function authMiddleware({ secret, sessions }: AuthOptions): RequestHandler {
  return async (request: AuthenticatedRequest, response: Response, next: NextFunction) => {
    const accessToken = readCookie(request, "access");
    if (!accessToken) {
      response.status(401).json({ error: "Sign in first" });
      return;
    }
    try {
      request.user = await verifyAccessToken(accessToken, secret);
      next();
    } catch (error) {
      if (!(error instanceof TokenExpiredError)) {
        clearSessionCookies(response);
        response.status(401).json({ error: "The session is not valid" });
        return;
      }
      await renewSession(request, response, next, { secret, sessions });
    }
  };
}

/** Exchanges the refresh token for a new pair of tokens, or ends the session. */
async function renewSession(
  request: AuthenticatedRequest,
  response: Response,
  next: NextFunction,
  { secret, sessions }: AuthOptions,
): Promise<void> {
  const refreshToken = readCookie(request, "refresh");
  const session = refreshToken ? await sessions.rotate(refreshToken) : null;
  if (!session) {
    clearSessionCookies(response);
    response.status(401).json({ error: "The session has ended" });
    return;
  }
  const claims = { userId: session.userId, roles: session.roles };
  const accessToken = await signAccessToken(claims, secret);
  setSessionCookies(response, accessToken, session.refreshToken);
  request.user = claims;
  next();
}

/** Refuses users who do not have the role. */
export function requireRole(role: string): RequestHandler {
  return (request: AuthenticatedRequest, response, next) => {
    if (!request.user?.roles.includes(role)) {
      response.status(403).json({ error: `This needs the role ${role}` });
      return;
    }
    next();
  };
}
