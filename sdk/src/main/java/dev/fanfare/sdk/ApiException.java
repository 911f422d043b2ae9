package dev.fanfare.sdk;

/**
 * The server answered that it did not do what was asked. Each kind says whether to call again is
 * safe, and whether it may help.
 */
public abstract sealed class ApiException extends FanfareException {
  private final int status;

  private ApiException(int status, String message) {
    super(message);
    this.status = status;
  }

  /** The HTTP status, 400 to 599. */
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
   * The key is unknown or revoked (401), or may not do this (403). Nothing was stored; calling
   * again is safe and fails the same way until the key changes.
   */
  public static final class Unauthorized extends ApiException {
    Unauthorized(int status, String message) {
      super(status, message);
    }
  }

  /**
   * There is no such run, batch or session in this environment. Calling again is safe and fails the
   * same way.
   */
  public static final class NotFound extends ApiException {
    NotFound(int status, String message) {
      super(status, message);
    }
  }

  /**
   * The request breaks a rule that the message names. Nothing of it was stored; calling again
   * unchanged fails the same way.
   */
  public static final class Refused extends ApiException {
    Refused(int status, String message) {
      super(status, message);
    }
  }

  /**
   * Too many requests, also after waiting as the server said. Nothing was stored; calling again
   * later is safe.
   */
  public static final class RateLimited extends ApiException {
    RateLimited(int status, String message) {
      super(status, message);
    }
  }

  /**
   * The server could not serve the request after every try. What it answered for is not stored;
   * calling again later may work. A trigger is safest called again with an idempotency key.
   */
  public static final class Unavailable extends ApiException {
    Unavailable(int status, String message) {
      super(status, message);
    }
  }
}
