import type { Pool } from "pg";
import { hashRefreshToken, newRefreshToken, REFRESH_TOKEN_SECONDS } from "./tokens.js";

export interface Session {
  userId: string;
  roles: string[];
  familyId: string;
}

export interface RotatedSession extends Session {
  refreshToken: string;
}

/** Refresh tokens by hash. Each token belongs to a family, which is one sign-in on one device. */
export class SessionStore {
  constructor(private readonly pool: Pool) {}

  /**
   * Replaces a refresh token by a new one of the same family.
   *
   * A token that was used before means that somebody else has a copy: the whole family is revoked.
   */
  async rotate(refreshToken: string): Promise<RotatedSession | null> {
    const hash = hashRefreshToken(refreshToken);
    const { rows } = await this.pool.query(
      "SELECT user_id, roles, family_id, used_at, expires_at FROM refresh_tokens WHERE token_hash = $1",
      [hash],
    );
    const row = rows[0];
    if (!row || row.expires_at < new Date()) {
      return null;
    }
    if (row.used_at) {
      await this.revokeFamily(row.family_id);
      return null;
    }
    await this.pool.query("UPDATE refresh_tokens SET used_at = now() WHERE token_hash = $1", [hash]);
    const session = { userId: row.user_id, roles: row.roles, familyId: row.family_id };
    return { ...session, refreshToken: await this.issue(session) };
  }

  async issue(session: Session): Promise<string> {
    const token = newRefreshToken();
    await this.pool.query(
      `INSERT INTO refresh_tokens (token_hash, user_id, roles, family_id, expires_at)
       VALUES ($1, $2, $3, $4, now() + $5 * interval '1 second')`,
      [hashRefreshToken(token), session.userId, session.roles, session.familyId, REFRESH_TOKEN_SECONDS],
    );
    return token;
  }

  async revokeFamily(familyId: string): Promise<void> {
    await this.pool.query("DELETE FROM refresh_tokens WHERE family_id = $1", [familyId]);
  }
}
