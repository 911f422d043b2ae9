package dev.fanfare.server.run;

import dev.fanfare.server.access.Caller;
import dev.fanfare.server.access.Doors;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Answer;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.packet.PacketPath;
import dev.fanfare.server.packet.PacketUrls;
import java.util.List;
import java.util.Map;

/**
 * Says where to put and to fetch packets. Answers come from the signing key alone and cost no
 * query; they are part of a trigger or of a read that is counted, so they have no rate limit.
 */
public final class PacketUrlRoutes {
  private final Doors doors;
  private final PacketUrls urls;

  public PacketUrlRoutes(Doors doors, PacketUrls urls) {
    this.doors = doors;
    this.urls = urls;
  }

  /** The routes of this room that make URLs of packets. */
  public List<Route> routes() {
    Access keys = Access.key().unmetered();
    return List.of(
        doors.route("PUT", "/api/v2/packets/{path*}", keys, this::upload),
        doors.route("PUT", "/api/v1/packets/{path*}", keys, this::uploadByName),
        doors.get(
            "/api/v1/packets/{path*}", Access.keyOrToken("read:runs").unmetered(), this::download));
  }

  private Answer upload(Exchange exchange, Caller caller) {
    String path = PacketPath.check(exchange.path("path"));
    return Answer.json(
        200, Map.of("presignedUrl", uploadUrl(exchange, caller, path), "storagePath", path));
  }

  /** Old clients take the name that they sent as the path. */
  private Answer uploadByName(Exchange exchange, Caller caller) {
    String path = PacketPath.check(exchange.path("path"));
    return Answer.json(200, Map.of("presignedUrl", uploadUrl(exchange, caller, path)));
  }

  private String uploadUrl(Exchange exchange, Caller caller, String path) {
    return urls.upload(exchange, caller.environment().id(), path);
  }

  /** A token must read some run; which packets are whose is not known here, only their names. */
  private Answer download(Exchange exchange, Caller caller) {
    caller.requireSome("read", "runs");
    String path = PacketPath.check(exchange.path("path"));
    return Answer.json(
        200, Map.of("presignedUrl", urls.download(exchange, caller.environment().id(), path)));
  }
}
