package dev.fanfare.server.packet.http;

import dev.fanfare.server.access.http.AuthenticatedRoutes;
import dev.fanfare.server.access.http.Caller;
import dev.fanfare.server.access.http.HttpAccess;
import dev.fanfare.server.component.Component;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.packet.PacketPath;
import java.util.List;
import java.util.Map;

/**
 * Routes that create presigned URLs for packets. They have no rate limit, because they need no
 * query, and the trigger or read that they belong to is limited.
 */
public final class PacketUrlRoutes implements Component {
  private final AuthenticatedRoutes authenticated;
  private final PacketUrls urls;

  public PacketUrlRoutes(HttpAccess access, PacketUrls urls) {
    this.authenticated = access.authenticated();
    this.urls = urls;
  }

  @Override
  public List<Route> routes() {
    Access keys = Access.key().unmetered();
    return List.of(
        authenticated.route("PUT", "/api/v2/packets/{path*}", keys, this::upload),
        authenticated.route("PUT", "/api/v1/packets/{path*}", keys, this::uploadByName),
        authenticated.get(
            "/api/v1/packets/{path*}", Access.keyOrToken("read:runs").unmetered(), this::download));
  }

  private Response upload(Exchange exchange, Caller caller) {
    String path = checked(exchange.path("path"));
    return Response.json(
        200, Map.of("presignedUrl", uploadUrl(exchange, caller, path), "storagePath", path));
  }

  /** For older SDKs, which use the name that they sent as the path. */
  private Response uploadByName(Exchange exchange, Caller caller) {
    String path = checked(exchange.path("path"));
    return Response.json(200, Map.of("presignedUrl", uploadUrl(exchange, caller, path)));
  }

  private String uploadUrl(Exchange exchange, Caller caller, String path) {
    return urls.upload(exchange, caller.environment().id(), path);
  }

  /** A token that can read any run suffices: packets have no stored relation to a single run. */
  private Response download(Exchange exchange, Caller caller) {
    caller.requireSome("read", "runs");
    String path = checked(exchange.path("path"));
    return Response.json(
        200, Map.of("presignedUrl", urls.download(exchange, caller.environment().id(), path)));
  }

  private static String checked(String path) {
    if (!PacketPath.isValid(path)) {
      throw new HttpError(
          400,
          "Invalid packet path: at most "
              + PacketPath.BYTES_MAX
              + " bytes, no empty part, no . or .., no backslash or control character");
    }
    return path;
  }
}
