package dev.fanfare.sdk;

/**
 * The server answered that it did not do what was asked. A refusal (status below 500) has stored
 * nothing, and the same call again is refused again, except {@link RateLimited}; {@link
 * Unavailable} was tried several times before it is thrown.
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

  /** The key is unknown or revoked (401), or may not do this (403). */
  public static final class Unauthorized extends ApiException {
    Unauthorized(int status, String message) {
      super(status, message);
    }
  }

  /** There is no such run, batch or session in this environment. */
  public static final class NotFound extends ApiException {
    NotFound(int status, String message) {
      super(status, message);
    }
  }

  /** The request breaks a rule that the message names; nothing of it was stored. */
  public static final class Refused extends ApiException {
    Refused(int status, String message) {
      super(status, message);
    }
  }

  /** Too many requests, also after waiting as the server said; try again later. */
  public static final class RateLimited extends ApiException {
    RateLimited(int status, String message) {
      super(status, message);
    }
  }

  /** The server could not serve the request after every try; trying again later may work. */
  public static final class Unavailable extends ApiException {
    Unavailable(int status, String message) {
      super(status, message);
    }
  }
}
