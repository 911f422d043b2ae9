package dev.fanfare.server.http;

/**
 * Which credentials a route takes. Every route says so, and whoever is not named is refused before
 * its handler runs.
 *
 * @param kind who may call
 * @param scope what a public access token needs, such as {@code read:runs}: a token with this scope
 *     may do everything that the route does; narrower ones may do a part. Empty: the route takes no
 *     tokens
 * @param metered whether calls count against the rate limit of their caller
 * @param freeAtFirst a placeholder of the path: the first calls for each value of it do not count.
 *     Empty: all count
 */
public record Access(Kind kind, String scope, boolean metered, String freeAtFirst) {

  /** Who may call a route. */
  public enum Kind {
    /** Everybody: there is nothing to protect. */
    OPEN,
    /** Whoever knows its URL, which carries its own proof. */
    PRESIGNED,
    /** Holders of a secret key. */
    KEY,
    /** Holders of a secret key, or of a public access token with the right scope; also browsers. */
    KEY_OR_TOKEN
  }

  /** Everybody. */
  public static Access open() {
    return new Access(Kind.OPEN, "", false, "");
  }

  /** Whoever knows the URL. */
  public static Access presigned() {
    return new Access(Kind.PRESIGNED, "", false, "");
  }

  /** Holders of a secret key. */
  public static Access key() {
    return new Access(Kind.KEY, "", true, "");
  }

  /**
   * Holders of a secret key, and of a token with {@code scope}, of the form {@code action:type}.
   */
  public static Access keyOrToken(String scope) {
    return new Access(Kind.KEY_OR_TOKEN, scope, true, "");
  }

  /** The same, without a rate limit. */
  public Access unmetered() {
    return new Access(kind, scope, false, "");
  }

  /**
   * The same; but what an earlier call admitted can be finished, within a bounded number of tries,
   * however little of the limit is left: {@code placeholder} names it in the path.
   */
  public Access freeAtFirst(String placeholder) {
    return new Access(kind, scope, metered, placeholder);
  }

  /** Whether a public access token can open the route. */
  public boolean takesTokens() {
    return kind == Kind.KEY_OR_TOKEN;
  }

  /** Whether browsers of other origins may call: with a token, or a URL that they were given. */
  public boolean isForBrowsers() {
    return kind == Kind.KEY_OR_TOKEN || kind == Kind.PRESIGNED;
  }

  /** Whether a caller must say who it is. */
  public boolean takesCredentials() {
    return kind == Kind.KEY || kind == Kind.KEY_OR_TOKEN;
  }
}
