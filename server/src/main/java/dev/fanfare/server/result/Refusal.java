package dev.fanfare.server.result;

/**
 * The reason for which a use case refused a request: an expected outcome. The use case rolled back
 * its transaction; what it committed before may stay, as its documentation says.
 *
 * @param reason the kind of refusal, which the HTTP edge maps to a status
 * @param message a human-readable text
 */
public record Refusal(Reason reason, String message) {

  /** Kinds of refusals. */
  public enum Reason {
    /** The request is invalid in the current state of what it names. */
    INVALID,
    /** Something that the request names does not exist. */
    NOT_FOUND,
    /** Something that the request names existed, and was deleted. */
    GONE,
    /** Something would become larger than its limit. */
    TOO_LARGE,
    /** The request is well-formed, and breaks a rule that depends on stored data. */
    UNPROCESSABLE
  }

  /** A refusal for {@link Reason#INVALID}. */
  public static Refusal invalid(String message) {
    return new Refusal(Reason.INVALID, message);
  }

  /** A refusal for {@link Reason#NOT_FOUND}. */
  public static Refusal notFound(String message) {
    return new Refusal(Reason.NOT_FOUND, message);
  }

  /** A refusal for {@link Reason#GONE}. */
  public static Refusal gone(String message) {
    return new Refusal(Reason.GONE, message);
  }

  /** A refusal for {@link Reason#TOO_LARGE}. */
  public static Refusal tooLarge(String message) {
    return new Refusal(Reason.TOO_LARGE, message);
  }

  /** A refusal for {@link Reason#UNPROCESSABLE}. */
  public static Refusal unprocessable(String message) {
    return new Refusal(Reason.UNPROCESSABLE, message);
  }
}
