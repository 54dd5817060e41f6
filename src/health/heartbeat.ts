/** A heartbeat that comes exactly when it is due is still a little older than that when it is looked at. */
export const HEARTBEAT_GRACE = 1.25;
