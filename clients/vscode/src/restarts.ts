/** How often a server that stopped by itself is started again. */

const mostRestarts = 4;
const millisecondsToForget = 3 * 60 * 1000;

/** Counts the times the server stopped by itself. */
export class Restarts {
  private stops: number[] = [];

  /** Notes a stop and says whether to start again; false when it stopped too often within three minutes. */
  mayRestart(now: number): boolean {
    this.stops = [...this.stops.filter((stop) => now - stop < millisecondsToForget), now];
    return this.stops.length <= mostRestarts;
  }

  /** Forgets what was, because the user starts the server. */
  forget(): void {
    this.stops = [];
  }
}
