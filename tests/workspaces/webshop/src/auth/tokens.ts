import { randomBytes, createHash } from "node:crypto";
import { jwtVerify, SignJWT, errors } from "jose";

export const ACCESS_TOKEN_SECONDS = 15 * 60;
export const REFRESH_TOKEN_SECONDS = 30 * 24 * 60 * 60;

export interface AccessClaims {
  userId: string;
  roles: string[];
}

/** Thrown when a token is well formed but its time is over. */
export class TokenExpiredError extends Error {}

/** Thrown when a token cannot be trusted at all. */
export class InvalidTokenError extends Error {}

export async function signAccessToken(claims: AccessClaims, secret: Uint8Array): Promise<string> {
  return new SignJWT({ roles: claims.roles })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(claims.userId)
    .setExpirationTime(`${ACCESS_TOKEN_SECONDS}s`)
    .sign(secret);
}

export async function verifyAccessToken(token: string, secret: Uint8Array): Promise<AccessClaims> {
  try {
    const { payload } = await jwtVerify(token, secret, { algorithms: ["HS256"] });
    return { userId: payload.sub ?? "", roles: (payload.roles as string[]) ?? [] };
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      throw new TokenExpiredError("The access token has expired");
    }
    throw new InvalidTokenError("The access token is not valid");
  }
}

/** A new opaque refresh token; only its hash is ever stored. */
export function newRefreshToken(): string {
  return randomBytes(32).toString("base64url");
}

export function hashRefreshToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
