package dev.fanfare.server.result;

/**
 * Why a use case did not do what it was asked, as an answer that is to be expected. Nothing was
 * stored.
 *
 * @param reason what kind of refusal it is; the HTTP edge makes a status of it
 * @param message for people
 */
public record Refusal(Reason reason, String message) {

  /** Kinds of refusals. */
  public enum Reason {
    /** The request makes no sense in the state that something is in. */
    INVALID,
    /** What the request names does not exist. */
    NOT_FOUND,
    /** What the request names existed and will not come back. */
    GONE,
    /** The request would make something larger than it may be. */
    TOO_LARGE,
    /** The request is well-formed and breaks a rule that only the stored data can tell. */
    UNPROCESSABLE
  }

  /** {@link Reason#INVALID}. */
  public static Refusal invalid(String message) {
    return new Refusal(Reason.INVALID, message);
  }

  /** {@link Reason#NOT_FOUND}. */
  public static Refusal notFound(String message) {
    return new Refusal(Reason.NOT_FOUND, message);
  }

  /** {@link Reason#GONE}. */
  public static Refusal gone(String message) {
    return new Refusal(Reason.GONE, message);
  }

  /** {@link Reason#TOO_LARGE}. */
  public static Refusal tooLarge(String message) {
    return new Refusal(Reason.TOO_LARGE, message);
  }

  /** {@link Reason#UNPROCESSABLE}. */
  public static Refusal unprocessable(String message) {
    return new Refusal(Reason.UNPROCESSABLE, message);
  }
}
