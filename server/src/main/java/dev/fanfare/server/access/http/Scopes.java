package dev.fanfare.server.access.http;

import java.util.List;

/**
 * The scopes of a token, each of the form {@code action[:type[:id]]}. Only the first two colons
 * separate, so an id may contain colons.
 *
 * @param texts the scopes as the token contains them
 */
public record Scopes(List<String> texts) {

  /**
   * A resource that a scope can name.
   *
   * @param type the type, such as {@code runs} or {@code batch}
   * @param id the id; empty means all resources of the type
   */
  public record Resource(String type, String id) {}

  /** One resource. */
  public static Resource one(String type, String id) {
    return new Resource(type, id);
  }

  /** All resources of a type. */
  public static Resource all(String type) {
    return new Resource(type, "");
  }

  /** Whether {@code action} is allowed for {@code resource}. */
  boolean allow(String action, Resource resource) {
    for (String text : texts) {
      if (text.equals("admin") || allows(text.split(":", 3), action, resource)) {
        return true;
      }
    }
    return false;
  }

  /** Whether {@code action} is allowed for at least one resource of a type. */
  boolean allowSome(String action, String type) {
    for (String text : texts) {
      String[] scope = text.split(":", 3);
      String id = scope.length < 3 ? "" : scope[2];
      if (allow(action, new Resource(type, id))) {
        return true;
      }
    }
    return false;
  }

  private static boolean allows(String[] scope, String action, Resource resource) {
    if (scope.length < 2) {
      return false; // an action without a type allows nothing
    }
    return (scope[0].equals(action) || scope[0].equals("*"))
        && (scope[1].equals(resource.type()) || scope[1].equals("all"))
        && (scope.length == 2 || (!resource.id().isEmpty() && scope[2].equals(resource.id())));
  }
}
