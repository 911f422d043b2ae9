package dev.fanfare.server.http;

/**
 * The credentials that a route accepts, and whether its calls are rate-limited. Other callers are
 * refused before the handler runs.
 *
 * @param kind who may call
 * @param scope the scope with which a public access token may use all of the route, such as {@code
 *     read:runs}; narrower scopes may allow a part. Empty when the route accepts no tokens
 * @param metered whether calls count against the rate limit of their caller
 * @param freeAtFirst the name of a path segment: the first calls for each of its values do not
 *     count against the rate limit. Empty when all calls count
 */
public record Access(Kind kind, String scope, boolean metered, String freeAtFirst) {

  /** Who may call a route. */
  public enum Kind {
    /** Everyone. */
    OPEN,
    /** Holders of a presigned URL. */
    PRESIGNED,
    /** Holders of a secret key. */
    KEY,
    /** Holders of a secret key or of a public access token with the right scope; also browsers. */
    KEY_OR_TOKEN
  }

  /** Access for everyone, without a rate limit. */
  public static Access open() {
    return new Access(Kind.OPEN, "", false, "");
  }

  /** Access with a presigned URL, without a rate limit. */
  public static Access presigned() {
    return new Access(Kind.PRESIGNED, "", false, "");
  }

  /** Access with a secret key. */
  public static Access key() {
    return new Access(Kind.KEY, "", true, "");
  }

  /**
   * Access with a secret key, or with a public access token that has {@code scope}, of the form
   * {@code action:type}.
   */
  public static Access keyOrToken(String scope) {
    return new Access(Kind.KEY_OR_TOKEN, scope, true, "");
  }

  /** A copy without a rate limit. */
  public Access unmetered() {
    return new Access(kind, scope, false, "");
  }

  /**
   * A copy whose first calls for each value of a path segment do not count against the rate limit.
   * Work that an earlier call started can then be finished, even when the limit is used up.
   *
   * @param segment the name of the path segment
   */
  public Access freeAtFirst(String segment) {
    return new Access(kind, scope, metered, segment);
  }

  /** Whether the route accepts public access tokens. */
  public boolean takesTokens() {
    return kind == Kind.KEY_OR_TOKEN;
  }

  /** Whether browsers of other origins may call: with a token or a presigned URL. */
  public boolean isForBrowsers() {
    return kind == Kind.KEY_OR_TOKEN || kind == Kind.PRESIGNED;
  }

  /** Whether a caller must authenticate with a secret key or a token. */
  public boolean takesCredentials() {
    return kind == Kind.KEY || kind == Kind.KEY_OR_TOKEN;
  }
}
