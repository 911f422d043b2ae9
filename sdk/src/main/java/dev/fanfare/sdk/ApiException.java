package dev.fanfare.sdk;

/**
 * The server responded with an error. Each kind says whether calling again is safe, and whether it
 * can help.
 */
public abstract sealed class ApiException extends FanfareException {
  private final int status;

  private ApiException(int status, String message) {
    super(message);
    this.status = status;
  }

  /** The HTTP status, 300 to 599. */
  public int status() {
    return status;
  }

  /** The exception for a status. */
  public static ApiException of(int status, String message) {
    return switch (status) {
      case 401, 403 -> new Unauthorized(status, message);
      case 404, 410 -> new NotFound(status, message);
      case 408, 429 -> new RateLimited(status, message);
      default -> status >= 500 ? new Unavailable(status, message) : new Refused(status, message);
    };
  }

  /**
   * The secret key is unknown or revoked (401), or lacks the permission (403). Nothing was stored.
   * Calling again is safe, and fails the same way until the key is changed.
   */
  public static final class Unauthorized extends ApiException {
    Unauthorized(int status, String message) {
      super(status, message);
    }
  }

  /**
   * The environment has no such run, batch or session. Calling again is safe, and fails the same
   * way.
   */
  public static final class NotFound extends ApiException {
    NotFound(int status, String message) {
      super(status, message);
    }
  }

  /**
   * The request breaks a rule, which the message names. Nothing was stored. Calling again unchanged
   * is safe, and fails the same way.
   */
  public static final class Refused extends ApiException {
    Refused(int status, String message) {
      super(status, message);
    }
  }

  /**
   * Too many requests (429), or a request that took too long to arrive (408), on every try. Nothing
   * was stored. Calling again later is safe.
   */
  public static final class RateLimited extends ApiException {
    RateLimited(int status, String message) {
      super(status, message);
    }
  }

  /**
   * The server failed to serve the request on every try (5xx). Whether an earlier try was applied
   * is unknown. Calling again later may help; a trigger is safe to call again only with an
   * idempotency key.
   */
  public static final class Unavailable extends ApiException {
    Unavailable(int status, String message) {
      super(status, message);
    }
  }
}
